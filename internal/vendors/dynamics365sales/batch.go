package dynamics365sales

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"crmferry/internal/connector"
)

// encodeBatch makes one call of many creates, each with an answer of its own.
// Every line must end in CRLF:
// https://learn.microsoft.com/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api
func encodeBatch(calls []*connector.Call, bodies []map[string]any) (connector.Request, error) {
	boundary, base := "batch_"+calls[0].Key, calls[0].Settings["instance_url"]+"/api/data/v9.2"
	var out bytes.Buffer
	for i, c := range calls {
		body, err := json.Marshal(bodies[i])
		if err != nil {
			return connector.Request{}, err
		}
		fmt.Fprintf(&out, "--%s\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n", boundary)
		fmt.Fprintf(&out, "PATCH %s%s HTTP/1.1\r\nContent-Type: application/json; type=entry\r\n", base, recordPath(c.Key))
		fmt.Fprintf(&out, "%s: *\r\n%s: %s\r\n%s: %s\r\n\r\n%s\r\n",
			ifNoneMatch, prefer, preferences, suppression, c.Settings["suppress_duplicate_detection"], body)
	}
	fmt.Fprintf(&out, "--%s--\r\n", boundary)
	return connector.Request{Method: "POST", Path: "/$batch", Body: out.Bytes(), Header: map[string]string{
		"Content-Type": `multipart/mixed; boundary="` + boundary + `"`, prefer: "odata.continue-on-error",
	}}, nil
}

// decodeBatch reads answers in the order of the creates.
func decodeBatch(calls []*connector.Call, r connector.Reply) ([]connector.BatchResult, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		return nil, errors.New("the answer to a batch is not in parts")
	}
	parts := multipart.NewReader(bytes.NewReader(r.Body), params["boundary"])
	var results []connector.BatchResult
	for len(results) < len(calls) {
		part, err := parts.NextRawPart()
		if err != nil {
			return nil, err
		}
		reply, err := readPart(part)
		if err != nil {
			return nil, err
		}
		results = append(results, resultOf(calls[len(results)], reply))
	}
	return results, nil
}

func readPart(part io.Reader) (connector.Reply, error) {
	resp, err := http.ReadResponse(bufio.NewReader(part), nil)
	if err != nil {
		return connector.Reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return connector.Reply{Status: resp.StatusCode, Header: resp.Header, Body: bytes.TrimSpace(body)}, err
}

// resultOf takes an answer that cannot be read for an open outcome.
func resultOf(c *connector.Call, r connector.Reply) connector.BatchResult {
	if r.Status >= 300 {
		ve := parse(r)
		ve.Status = r.Status
		ve.RetryAfter, _ = connector.ParseWait(r.Header.Get("Retry-After"), connector.Auto, r.AnsweredAt())
		return connector.BatchResult{Raw: r.Body, Err: &ve}
	}
	made, _ := decode(c, r)
	return connector.BatchResult{Contact: made, Raw: r.Body, ContentType: r.Header.Get("Content-Type")}
}
