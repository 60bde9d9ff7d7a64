package dynamics365sales

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"crmferry/internal/sandbox/kit"
)

const maxParts = 1000

// batch answers each of several requests by itself. It stops at the first
// failure, unless the caller prefers to go on.
func batch(c *kit.Call) kit.Reply {
	c.Op = "batch"
	parts, no := split(c)
	if no != nil {
		return no.reply(c)
	}
	boundary := "batchresponse_" + c.RequestID()
	status := http.StatusOK
	var out bytes.Buffer
	for _, part := range parts {
		reply := part.answer()
		writePart(&out, boundary, reply)
		if reply.Status >= http.StatusBadRequest && !prefers(c, "odata.continue-on-error") {
			status = http.StatusBadRequest
			break
		}
	}
	out.WriteString("--" + boundary + "--\r\n")
	return kit.Raw(status, "multipart/mixed; boundary="+boundary, out.String())
}

// split reads the parts of a batch, all lines of which must end in CRLF.
func split(c *kit.Call) ([]inner, *refusal) {
	_, params, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	boundary := params["boundary"]
	lines, ends := bytes.Count(c.Body, []byte("\n")), bytes.Count(c.Body, []byte("\r\n"))
	if err != nil || boundary == "" || lines != ends || !bytes.HasSuffix(c.Body, []byte("--"+boundary+"--\r\n")) {
		return nil, payload("Microsoft.OData.ODataException: The message header is invalid; every line of a batch must end in CRLF.")
	}
	reader := multipart.NewReader(bytes.NewReader(c.Body), boundary)
	var parts []inner
	for {
		part, err := reader.NextRawPart()
		switch {
		case errors.Is(err, io.EOF) && len(parts) > maxParts:
			return nil, bad("0x8004430a", fmt.Sprintf("A batch must have at most %d requests.", maxParts))
		case errors.Is(err, io.EOF) && len(parts) > 0:
			return parts, nil
		case err != nil:
			return nil, payload("Microsoft.OData.ODataException: the batch cannot be read.")
		case part.Header.Get("Content-Type") != "application/http", part.Header.Get("Content-Transfer-Encoding") != "binary":
			return nil, payload("Microsoft.OData.ODataException: a part must have Content-Type application/http and Content-Transfer-Encoding binary.")
		}
		one, err := readPart(c, part)
		if err != nil {
			return nil, payload("Microsoft.OData.ODataException: " + err.Error())
		}
		parts = append(parts, one)
	}
}

// inner is one request of a batch.
type inner struct {
	call     *kit.Call
	contacts bool   // it goes to contacts
	key      string // of the one that it names
}

var innerPath = regexp.MustCompile(`/api/data/v9\.2/contacts(?:\((.+)\))?$`)

func readPart(c *kit.Call, part io.Reader) (inner, error) {
	in := textproto.NewReader(bufio.NewReader(part))
	line, err := in.ReadLine()
	if err != nil {
		return inner{}, errors.New("a part is empty")
	}
	words := strings.Fields(line)
	if len(words) != 3 || words[2] != "HTTP/1.1" {
		return inner{}, errors.New("the request line of a part is invalid")
	}
	target, err := url.Parse(words[1])
	if err != nil {
		return inner{}, errors.New("the address of a part is invalid")
	}
	header, err := in.ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		return inner{}, errors.New("the header of a part is invalid")
	}
	body, err := io.ReadAll(in.R)
	if err != nil {
		return inner{}, errors.New("the body of a part is invalid")
	}
	call := *c
	call.Request = &http.Request{Method: words[0], URL: target, Header: http.Header(header), Host: c.Request.Host}
	call.Body = bytes.TrimSpace(body)
	if form := innerPath.FindStringSubmatch(target.Path); form != nil {
		return inner{&call, true, form[1]}, nil
	}
	return inner{call: &call}, nil
}

func (i inner) answer() kit.Reply {
	reply := notServed(i.call, nil)
	switch method := i.call.Request.Method; {
	case len(i.call.Body) > 0 && i.call.MediaType() != "application/json":
		return payload("Microsoft.OData.ODataException: a part's request must have Content-Type application/json").reply(i.call)
	case !i.contacts:
	case method == http.MethodPost && i.key == "":
		reply = create(i.call)
	case method == http.MethodGet && i.key != "":
		reply = read(i.call, i.key)
	case method == http.MethodPatch && i.key != "":
		reply = patch(i.call, i.key)
	}
	body, _ := reply.Body.(map[string]any)
	if reply.Status == http.StatusPreconditionFailed && kit.Object(body, "error")["code"] == keyExists {
		reply.Status = http.StatusConflict
	}
	return reply
}

func writePart(out *bytes.Buffer, boundary string, reply kit.Reply) {
	fmt.Fprintf(out, "--%s\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n", boundary)
	fmt.Fprintf(out, "HTTP/1.1 %d %s\r\nOData-Version: 4.0\r\n", reply.Status, http.StatusText(reply.Status))
	for _, name := range slices.Sorted(maps.Keys(reply.Header)) {
		fmt.Fprintf(out, "%s: %s\r\n", strings.ReplaceAll(name, "Odata-Entityid", "OData-EntityId"), reply.Header[name])
	}
	if reply.Body == nil {
		out.WriteString("\r\n\r\n")
		return
	}
	text, err := json.Marshal(reply.Body)
	if err != nil {
		text = []byte("{}")
	}
	fmt.Fprintf(out, "Content-Type: application/json; odata.metadata=minimal\r\n\r\n%s\r\n", text)
}
