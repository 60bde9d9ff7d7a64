package job

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

// clockAllowance is how far a vendor's clock may be behind ours.
const clockAllowance = 2 * time.Second

// terms are what a found record is held against.
type terms struct {
	sentAt  time.Time // when the first create was about to be sent
	skew    time.Duration
	compare []contact.Field
	// clientID is the id that we chose, where we choose; keyed says that the
	// record bears our key. Likeness proves nothing there.
	clientID string
	keyed    bool
	job      string
	owners   map[string]string // remote id -> job that holds it
}

// finding sorts what was found. Records that are older, or that other jobs
// hold, are in neither list.
type finding struct {
	ours     []contact.Contact
	doubtful []contact.Contact
}

// weigh decides which of the found records are the work of the job: by our own
// marker or id, or, where the CRM takes neither, created since the create was
// sent with all fields as sent. A fresh record with other fields, or without a
// creation time, proves nothing either way.
func weigh(found connector.Found, sent contact.Contact, t terms) finding {
	var f finding
	for _, m := range found.Matches {
		if owner := t.owners[m.ID]; owner != "" && owner != t.job {
			continue
		}
		switch {
		case found.Marker || t.owners[m.ID] == t.job || t.clientID != "" && m.ID == t.clientID:
			f.ours = append(f.ours, m)
		case t.clientID != "": // ours has the id that we chose
		case m.CreatedAt == nil:
			f.doubtful = append(f.doubtful, m)
		case m.CreatedAt.Before(t.sentAt.Add(-clockAllowance - t.skew)):
		case !t.keyed && sameFields(sent, m, t.compare):
			f.ours = append(f.ours, m)
		default:
			f.doubtful = append(f.doubtful, m)
		}
	}
	return f
}

// sameFields says whether every compared field that was sent came back as it
// was sent.
func sameFields(sent, got contact.Contact, fields []contact.Field) bool {
	for _, f := range fields {
		if !sameField(sent, got, f) {
			return false
		}
	}
	return true
}

func sameField(sent, got contact.Contact, f contact.Field) bool {
	text := func(a, b string) bool { return a == "" || contact.SameText(a, b) }
	switch f {
	case contact.FirstName:
		return text(sent.FirstName, got.FirstName)
	case contact.LastName:
		return text(sent.LastName, got.LastName)
	case contact.Name:
		return text(sent.Name, got.Name)
	case contact.Title:
		return text(sent.Title, got.Title)
	case contact.EmailAddresses:
		return len(sent.EmailAddresses) == 0 || len(got.EmailAddresses) > 0 &&
			contact.SameEmail(sent.EmailAddresses[0].Email, got.EmailAddresses[0].Email)
	case contact.PhoneNumbers:
		return len(sent.PhoneNumbers) == 0 || len(got.PhoneNumbers) > 0 &&
			contact.SamePhone(sent.PhoneNumbers[0].Number, got.PhoneNumbers[0].Number)
	default:
		return true
	}
}
