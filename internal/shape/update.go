package shape

import "crmferry/internal/contact"

// IntoEmpty is what an update writes to a list of CRMs that replace it as a
// whole, and of which we cannot write all that it holds: new entries go into
// an empty list alone, and are reported otherwise.
func IntoEmpty[T any](fresh, existing []T, field contact.Field, warn Warn) []T {
	if len(fresh) == 0 || len(existing) == 0 {
		return fresh
	}
	warn.report(string(field), NotUpdated, "the record has others, which the update would have replaced")
	return nil
}
