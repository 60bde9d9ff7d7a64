package webhook

import (
	"crypto/sha256"
	"encoding/base32"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// The prefixes of ids.
const (
	endpointPrefix = "whe_"
	deliveryPrefix = "whd_"
	eventPrefix    = "evt_"
)

const idLength = 26 // 16 bytes in base 32

var idAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewEndpointID makes an endpoint's id.
func NewEndpointID() string {
	u := uuid.Must(uuid.NewV7())
	return endpointPrefix + idAlphabet.EncodeToString(u[:])
}

// digest names what parts name, always alike.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return idAlphabet.EncodeToString(sum[:16])
}

// eventID names the event of one change of one thing.
func eventID(tenant, entry string) string { return eventPrefix + digest("event", tenant, entry) }

// Queue is where deliveries wait that share a receiver: those of an endpoint, or
// those of a tenant's callbacks to one host.
type Queue string

// The first letter of a Queue says what it is for.
const (
	endpointQueue = "e"
	callbackQueue = "c"
)

// QueueOf is the queue of an endpoint; false when id is none.
func QueueOf(id string) (Queue, bool) {
	rest, ok := strings.CutPrefix(id, endpointPrefix)
	if !ok || !isID(rest) {
		return "", false
	}
	return Queue(endpointQueue + rest), true
}

// callbackQueueOf is the queue of a tenant's callbacks to the host of a URL.
func callbackQueueOf(tenant, target string) Queue {
	host := target
	if u, err := url.Parse(target); err == nil {
		host = u.Scheme + "://" + strings.ToLower(u.Host)
	}
	return Queue(callbackQueue + digest("callback", tenant, host))
}

// Endpoint is the id of the endpoint that the queue is of, "" for callbacks.
func (q Queue) Endpoint() string {
	if rest, ok := strings.CutPrefix(string(q), endpointQueue); ok {
		return endpointPrefix + rest
	}
	return ""
}

// deliveryID names the delivery of an event to a target; it holds the queue.
func deliveryID(q Queue, event, target string) string {
	return deliveryPrefix + string(q) + digest("delivery", event, target)
}

// QueueOfDelivery reads the queue out of a delivery's id; false when id is none.
func QueueOfDelivery(id string) (Queue, bool) {
	rest, ok := strings.CutPrefix(id, deliveryPrefix)
	if !ok || len(rest) != 1+2*idLength || rest[:1] != endpointQueue && rest[:1] != callbackQueue || !isID(rest[1:1+idLength]) || !isID(rest[1+idLength:]) {
		return "", false
	}
	return Queue(rest[:1+idLength]), true
}

func isID(text string) bool {
	if len(text) != idLength || strings.ToLower(text) != text {
		return false
	}
	_, err := idAlphabet.DecodeString(text)
	return err == nil
}
