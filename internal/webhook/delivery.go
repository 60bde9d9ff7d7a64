package webhook

import "time"

// Status is where a delivery stands.
type Status string

// The states. A delivery that failed can be sent again.
const (
	Pending   Status = "pending"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
)

// Delivery is one event on its way to one receiver.
type Delivery struct {
	Bill
	Status   Status
	Attempts []Attempt // the last of them, oldest first
	// NextAttemptAt is when a pending one is due.
	NextAttemptAt time.Time
	EndedAt       time.Time
	// Ended says why it was given up without another try: endpoint_disabled or
	// endpoint_deleted.
	Ended string
}

// Bill is what never changes of a delivery.
type Bill struct {
	ID        string    `json:"id"`
	Tenant    string    `json:"tenant"`
	EventID   string    `json:"event"`
	EventType Type      `json:"type"`
	About     string    `json:"about,omitempty"` // the job or import that it tells of
	Endpoint  string    `json:"endpoint,omitempty"`
	Callback  string    `json:"callback,omitempty"` // the URL where there is no endpoint
	CreatedAt time.Time `json:"created_at"`
}

// Queue is where the delivery waits.
func (b Bill) Queue() Queue {
	q, _ := QueueOfDelivery(b.ID)
	return q
}

// Attempt is one try at a delivery.
type Attempt struct {
	At     time.Time `json:"at"`
	Status int       `json:"status,omitempty"` // 0: there was no answer
	Error  string    `json:"error,omitempty"`  // why not
	TookMS int64     `json:"took_ms"`
	// Response is the beginning of what the receiver said, masked.
	Response string `json:"response,omitempty"`
}

// maxAttempts bounds the attempts that are kept; the oldest go first.
const maxAttempts = 30

func kept(list []Attempt, a Attempt) []Attempt {
	list = append(list, a)
	return list[max(len(list)-maxAttempts, 0):]
}
