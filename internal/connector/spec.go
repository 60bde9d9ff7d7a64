// Package connector says what a connector to a CRM is, as facts and pure
// functions (Spec), and holds the only code that runs one (Client, Session).
package connector

import (
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// Spec is everything that Ferry knows about one CRM. Its functions are pure:
// they do no I/O, read no clock and give the same answer to the same Call.
type Spec struct {
	ID   string // the slug: "hubspot", "dynamics-365-sales"
	Name string // as the vendor writes it
	Docs string // the vendor's reference for creating a contact

	// BaseURL may hold settings in braces: "{instance_url}/services/data/v{api_version}".
	BaseURL  string
	Settings []Setting
	Schemes  []Scheme
	// Headers go with every call; values may hold settings in braces.
	Headers map[string]string
	// ContentType of JSON bodies; "" means application/json.
	ContentType string
	// Workspace names the setting that the query option workspace[id] overrides.
	Workspace string
	// RemoteDataAt is the dotted path in Create's body into which a caller's
	// remote_data is merged, into the first entry of a list; "" is the top level,
	// RemoteDataByHand leaves it to Create.Request. RemoteDataTop lists the keys that go elsewhere: to the top
	// level, or to the parent that stands before a dot ("data.relationships").
	RemoteDataAt  string
	RemoteDataTop []string

	Fields Fields

	Prepare []Discovery
	Create  Operation
	// Follow lists the calls after Create that complete the contact. It must
	// give the same steps in the same order each time for the same call and
	// created contact (decoded from Create's answer).
	Follow func(c *Call, created contact.Contact) []Step
	// Read reads the record Call.RemoteID. With ReadBack it is done after every
	// create, because Create answers with little more than an id.
	Read     *Operation
	ReadBack bool
	// Find looks the record up after an unknown outcome or for on_duplicate;
	// the first that applies to the input is used.
	Find []Finder
	// Update writes only the fields of the input to the record Call.RemoteID.
	Update *Operation
	// ReadFirst: the record is read before an update and is Call.Existing, for
	// CRMs that replace, or add to, a list as a whole.
	ReadFirst bool
	Batch     *Batch
	Probe     Probe

	Errors      Errors
	Limits      Limits
	Duplicates  Duplicates
	Idempotency Idempotency
	Adoption    Adoption
}

// RemoteDataByHand says that Create.Request merges remote_data itself, and that
// the API has no query string that remote_query could go to.
const RemoteDataByHand = "-"

// Fields says which unified fields a CRM takes, demands and gives back.
type Fields struct {
	// Accepts has all three names where the CRM holds a name in any form: they
	// fill each other before a contact gets here.
	Accepts  []contact.Field
	Requires []contact.Field
	// Defaults names the settings that stand in for required fields: with
	// default_owner_id in the account, a contact may come without an owner.
	Defaults map[contact.Field]string
	Returns  []contact.Field
	// Notes tell a caller what is particular about a field, or why it is not supported.
	Notes map[contact.Field]string
}

// Setting is one thing that an account of this CRM can or must be given.
type Setting struct {
	Key      string
	Label    string
	Help     string
	Required bool
	Default  string
	Example  string
	// Format is an anchored regular expression that the value must match.
	Format string
	// Host marks a setting that decides where credentials are sent.
	Host bool
	// Clean, where set, brings the value into its standard form before Format is checked.
	Clean func(string) string
}

// Operation is one call for one contact.
type Operation struct {
	// OK lists the statuses that Decode understands; empty means any 2xx.
	OK      []int
	Request func(c *Call) (Request, error)
	// Decode reads the answer. A *VendorError means that the CRM refused within
	// a success status; any other error means that the answer cannot be read.
	Decode func(c *Call, r Reply) (contact.Contact, error)
}

// Discovery is a read (or an idempotent find-or-create) that is needed before
// the contact can be encoded: custom-field ids, board columns, tag ids. Its
// answers are cached per account.
type Discovery struct {
	Name string
	// Keys lists what to look up for this call, after the discoveries before it;
	// nil means once, under the key "". No keys, no call.
	Keys    func(c *Call) []string
	Request func(c *Call, key string) (Request, error)
	// Decode gives the value that Prepared returns; it is shared between calls
	// and must not be changed.
	Decode func(c *Call, key string, r Reply) (any, error)
	// Optional: a refusal gives no value instead of failing the contact.
	Optional bool
	// Life is how long the answer may be kept; 0 means five minutes.
	Life time.Duration
}

// Step is one call after Create. Each is journaled on its own, so that a retry
// continues where it stopped.
type Step struct {
	// ID is stable over retries and unique within the job: "note", "field:1284:0".
	ID string
	// Path is the unified field that the step carries, such as "phone_numbers/1".
	Path    string
	Request Request
	// OK lists the statuses that mean success; empty means any 2xx.
	OK []int
	// Read looks into a success answer for a refusal; nil takes the status's word.
	Read func(r Reply) error
	// Idempotent: repeating the step is harmless.
	Idempotent bool
	// Check tells whether a step with an unknown outcome took effect; nil means
	// that it cannot be told, and then it is not repeated.
	Check *Check
	// Done completes the result once the step took effect.
	Done func(out *contact.Contact)
}

// Check asks the CRM whether a step took effect.
type Check struct {
	Request Request
	Applied func(r Reply) (bool, error)
}

// Finder looks for the records that an input describes.
type Finder struct {
	// By is the field that it searches; it applies when the input has it. With
	// Marker it applies always and finds our own key, so that a match is ours.
	By     contact.Field
	Marker bool
	// Recent: it sees only what changed since Call.At. It tells whether our
	// create was applied, but not whether the CRM knows the person.
	Recent bool
	// Applies, where set, must hold as well.
	Applies func(c *Call) bool
	Request func(c *Call) (Request, error)
	// Decode gives the exact matches, each at least with ID and, where the CRM
	// tells it, CreatedAt. A partial match of the vendor's is not a match.
	Decode func(c *Call, r Reply) ([]contact.Contact, error)
	// Absent lists statuses that mean: no such record.
	Absent []int
	// Lag is how long after a write an empty answer proves nothing.
	Lag time.Duration
}

// Person says whether it finds the person, whoever made the record.
func (f Finder) Person() bool { return !f.Marker && !f.Recent }

// Batch is the creation of several contacts in one call.
type Batch struct {
	Max int
	OK  []int
	// Request builds the call from what Create would send for each contact:
	// bodies holds one decoded JSON object per call, remote_data merged.
	Request func(calls []*Call, bodies []map[string]any) (Request, error)
	// Decode gives one result per call, in the order of calls.
	Decode func(calls []*Call, r Reply) ([]BatchResult, error)
	// PerRecord: one bad record does not spoil the others.
	PerRecord bool
	// Coalesce: waiting single creates may be sent this way; their outcomes and
	// their verification are as good as those of single calls.
	Coalesce bool
}

// BatchResult is what became of one contact of a batch.
type BatchResult struct {
	Contact contact.Contact
	Raw     []byte // this record's part of the answer
	// ContentType is that of Raw where the whole answer has another.
	ContentType string
	Err         *VendorError
}

// Probe is the cheapest authenticated call. It checks credentials and tells
// whose they are.
type Probe struct {
	Request func(c *Call) (Request, error)
	OK      []int
	// Identity reads who the remote account is. An empty identity means that
	// the CRM does not tell.
	Identity func(r Reply) (Identity, error)
}

// Identity is the remote account behind credentials.
type Identity struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Errors says how the CRM's refusals are read.
type Errors struct {
	// Parse reads an answer outside the OK statuses; nil means LenientError.
	Parse func(r Reply) VendorError
	// Codes and Statuses give the kind; Codes are compared without case and win.
	Codes    map[string]fault.Kind
	Statuses map[int]fault.Kind
	// Fields maps the vendor's field names to unified ones. Names that are not
	// listed are looked for among the input's custom fields.
	Fields map[string]contact.Field
	// Stale lists codes which say that a cached discovery is out of date: it is
	// dropped and the call is made once more.
	Stale []string
}

// Duplicates says how the CRM treats a second record of one person.
type Duplicates struct {
	Detection Detection
	Note      string
}

// Detection is how duplicates come to light.
type Detection string

// The ways of detection.
const (
	DetectNative Detection = "native" // the CRM refuses them
	DetectLookup Detection = "lookup" // we find them by looking first
	DetectNone   Detection = "none"
)

// Idempotency says what makes repeating a create harmless.
type Idempotency struct {
	Kind IdempotencyKind
	// Life is how long the CRM remembers a key; 0 means for ever.
	Life time.Duration
	// By is the field that a UniqueField is about: it must be in the input.
	By contact.Field
	// Applies, where set, must hold for this call.
	Applies func(c *Call) bool
	// ID is the record id that a ClientID create chooses.
	ID func(c *Call) string
}

// IdempotencyKind is the means by which a repeated create is harmless.
type IdempotencyKind string

// The means.
const (
	NoIdempotency IdempotencyKind = ""
	// KeyHeader: the CRM answers a repeated key with its first answer, if the
	// bytes are identical. The members of a batch have no key of their own.
	KeyHeader IdempotencyKind = "key_header"
	// ClientID: we choose the record's id; a repeat is refused as a duplicate
	// of that id.
	ClientID IdempotencyKind = "client_id"
	// ExternalKey: an upsert by a field that holds our key.
	ExternalKey IdempotencyKind = "external_key"
	// UniqueField: the CRM refuses a second record with the same e-mail (or
	// phone). The refusal alone does not say whose the first one is.
	UniqueField IdempotencyKind = "unique_field"
)

// Adoption says by what a record that was found is known to be ours.
type Adoption struct {
	// Compare lists fields that a Finder or Read gives back as they were sent.
	Compare []contact.Field
	// Skew is added to the allowance of two seconds between the vendor's clock and ours.
	Skew time.Duration
}
