package kit

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
)

// Reply is one answer.
type Reply struct {
	Status int
	Header map[string]string
	// Body is sent as it is when it is []byte or string, not at all when it
	// is nil, and as JSON otherwise.
	Body any
}

// JSON is an answer with a JSON body.
func JSON(status int, body any) Reply { return Reply{Status: status, Body: body} }

// Raw is an answer of any media type.
func Raw(status int, mediaType, body string) Reply {
	return Reply{Status: status, Header: map[string]string{"Content-Type": mediaType}, Body: body}
}

// Empty is an answer without a body.
func Empty(status int) Reply { return Reply{Status: status} }

// With returns the reply with one more header.
func (r Reply) With(name, value string) Reply {
	header := maps.Clone(r.Header)
	if header == nil {
		header = map[string]string{}
	}
	header[http.CanonicalHeaderKey(name)] = value
	r.Header = header
	return r
}

// frozen renders the body, so that later changes to what it was made of
// cannot show in it.
func (r Reply) frozen() Reply {
	switch body := r.Body.(type) {
	case nil, []byte:
		return r
	case string:
		r.Body = []byte(body)
		return r
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r.Body); err != nil {
		return Raw(http.StatusInternalServerError, "text/plain", "sandbox: unencodable answer: "+err.Error()).frozen()
	}
	if r.Header["Content-Type"] == "" {
		r = r.With("Content-Type", "application/json; charset=utf-8")
	}
	r.Body = bytes.TrimRight(buf.Bytes(), "\n")
	return r
}

// send writes the first n bytes of a frozen reply's body, announcing all of
// it. net/http cuts the connection when less is written than announced.
func (r Reply) send(w http.ResponseWriter, n int) {
	body, _ := r.Body.([]byte)
	for name, value := range r.Header {
		w.Header().Set(name, value)
	}
	if r.Status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(r.Status)
	// A client that has left is no concern of the imitation.
	_, _ = w.Write(body[:min(n, len(body))])
}

func (r Reply) size() int {
	body, _ := r.Body.([]byte)
	return len(body)
}
