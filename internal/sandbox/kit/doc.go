// Package kit is what the imitation CRMs have in common: accounts and their
// records, credentials, rate limits, idempotency keys, faults, logs.
//
// An imitation is a package of its own with one function, Spec, and is listed
// in package sandbox. It is written from the vendor's documentation alone and
// shares nothing with the connectors, so that it can prove them wrong. To add
// one:
//
//  1. Spec.Routes: a Handler per endpoint that a connector needs. A handler
//     checks the body with a Schema, turns the Issues into the vendor's own
//     error body, looks for duplicates with Account.ByEmail or
//     Account.Contacts.ByKey, and stores with Call.Create or Call.Update.
//     Other objects (notes, tags, links) go to Account.Table(kind) and are
//     counted with Call.FollowUp. Creates ask Call.NoScope first.
//  2. Spec.Identity: what a stored contact is found by. E-mails are indexed
//     without regard to case, everything else under keys of your own.
//  3. Spec.NewID in the vendor's format, from NumericID, DecimalID, UUID or Hash.
//  4. Spec.Errors: the vendor's bodies for 401, 404, 405, 429, 500 and 503.
//  5. Spec.Limits of the smallest paying plan, and Spec.Headers from
//     Call.Usage.
//  6. Spec.Connect and Spec.Seed, and Spec.OAuth where tokens are refreshed.
//  7. A test with kittest.Run: steps of request, status, parts of the body.
//
// Handlers run one at a time per account and while it is locked: they need no
// locks, must not block, and must not keep a Record for later. The kit has
// done the rest by then: the credential is checked, the call is counted, a
// fault has had its chance. What a handler did is lost on the way by faults
// such as WriteThenReset, without its knowing.
//
// Conventions of all imitations: every account exists, but "expired" has an
// expired credential and "noscope" may not create; ids of companies and users
// exist when they are well formed, unless Missing says otherwise; searches
// that the vendor answers from an index skip what Call.Searchable refuses,
// reads by id or unique key do not.
package kit
