package webhook

import (
	"encoding/json"
	"slices"
	"time"
)

// Type is what an event tells of.
type Type string

// The types.
const (
	ContactCreated   Type = "contact.created"
	ContactMatched   Type = "contact.matched"
	ContactUpdated   Type = "contact.updated"
	ContactFailed    Type = "contact.failed"
	ContactUnknown   Type = "contact.unknown"
	ContactCancelled Type = "contact.cancelled"

	ImportCompleted Type = "import.completed"
	ImportCancelled Type = "import.cancelled"
	ImportFailed    Type = "import.failed"
	ImportPaused    Type = "import.paused"
	ImportProgress  Type = "import.progress"

	ReauthorizationRequired Type = "integrated_account.reauthorization_required"
	Reauthorized            Type = "integrated_account.reauthorized"

	EndpointDisabled Type = "webhook_endpoint.disabled"
	// EndpointTest is sent on request, and cannot be subscribed to.
	EndpointTest Type = "webhook_endpoint.test"
)

// Types lists those to which an endpoint can subscribe.
func Types() []Type {
	return []Type{
		ContactCreated, ContactMatched, ContactUpdated, ContactFailed, ContactUnknown, ContactCancelled,
		ImportCompleted, ImportCancelled, ImportFailed, ImportPaused, ImportProgress,
		ReauthorizationRequired, Reauthorized, EndpointDisabled,
	}
}

func (t Type) known() bool { return slices.Contains(Types(), t) }

// offByDefault: an endpoint gets it only if it names it.
func (t Type) offByDefault() bool { return t == ImportProgress }

// Event is something that happened to a tenant's things. Data is the whole of
// it, Thin the same without contact data.
type Event struct {
	ID         string
	Type       Type
	Tenant     string
	Timestamp  time.Time
	Data, Thin json.RawMessage
	// About is the id of the job or import that it tells of.
	About string
	// Callback is where else it goes, "" for nowhere.
	Callback string
}

// maxBody is how large a body may be before the contact is left out of it.
const maxBody = 20_000

// envelope is the body of a delivery.
type envelope struct {
	Type      Type            `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// body is what is sent of the event.
func (e Event) body(p Payload) (json.RawMessage, error) {
	full, err := json.Marshal(envelope{e.Type, e.Timestamp.UTC(), e.Data})
	if err != nil || p != Thin && len(full) < maxBody {
		return full, err
	}
	return json.Marshal(envelope{e.Type, e.Timestamp.UTC(), e.Thin})
}
