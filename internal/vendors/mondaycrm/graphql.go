package mondaycrm

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// document is the body of every call.
type document struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables,omitempty"`
}

func post(query string, variables map[string]any) connector.Request {
	return connector.Request{Method: "POST", Body: document{query, variables}}
}

// keyed is a mutation whose repetition within keyLife gives the first answer.
func keyed(key string, req connector.Request) connector.Request {
	req.Header = map[string]string{"Idempotency-Key": key}
	return req
}

// derivedKey makes a UUID of its own for what belongs to the given keys.
func derivedKey(keys ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(keys, "\x00")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // version 8, RFC 9562
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// envelope is every answer. Errors come with HTTP 200, beside data or in place
// of it, in a newer form (errors) and an older one.
type envelope struct {
	Data         json.RawMessage `json:"data"`
	Errors       []problem       `json:"errors"`
	ErrorCode    string          `json:"error_code"`
	ErrorMessage string          `json:"error_message"`
	ErrorData    errorData       `json:"error_data"`
	StatusCode   int             `json:"status_code"`
}

// problem is one of errors, which may be a bare text.
type problem struct {
	Message    string   `json:"message"`
	Path       []string `json:"path"`
	Extensions struct {
		Code           string      `json:"code"`
		StatusCode     int         `json:"status_code"`
		RetryInSeconds json.Number `json:"retry_in_seconds"`
		ErrorData      errorData   `json:"error_data"`
	} `json:"extensions"`
}

type errorData struct {
	ColumnID       string      `json:"column_id"`
	ColumnName     string      `json:"column_name"`
	ColumnType     string      `json:"column_type"`
	RetryInSeconds json.Number `json:"retry_in_seconds"`
}

func (p *problem) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &p.Message) == nil {
		return nil
	}
	type plain problem // without this method
	// Parts of another type than documented are done without.
	var mistyped *json.UnmarshalTypeError
	if err := json.Unmarshal(data, (*plain)(p)); err != nil && !errors.As(err, &mistyped) {
		return err
	}
	return nil
}

// refusal is the first problem as an error, nil when there is none.
func (e envelope) refusal(r connector.Reply) *connector.VendorError {
	if len(e.Errors) > 0 {
		return e.Errors[0].vendorError(r)
	}
	if e.ErrorCode == "" && e.ErrorMessage == "" {
		return nil
	}
	var p problem
	p.Message, p.Extensions.Code = e.ErrorMessage, e.ErrorCode
	p.Extensions.StatusCode, p.Extensions.ErrorData = e.StatusCode, e.ErrorData
	return p.vendorError(r)
}

func (p problem) vendorError(r connector.Reply) *connector.VendorError {
	x, d := p.Extensions, p.Extensions.ErrorData
	ve := &connector.VendorError{
		Code: x.Code, Message: p.Message, Fields: []string{d.ColumnID, d.ColumnName, d.ColumnType},
		Kind: kind(x.Code, p.Message, x.StatusCode), RetryAfter: wait(x.RetryInSeconds, d.RetryInSeconds, p.Message),
	}
	switch {
	case r.Header.Get("Idempotency-Replayed") == "true":
		ve.RetryAfter = keyLife // what stood in the way may be over, but our key repeats it
	case strings.EqualFold(x.Code, "DAILY_LIMIT_EXCEEDED") && ve.RetryAfter == 0:
		ve.RetryAfter = time.Hour // until midnight UTC
	}
	return ve
}

// kind reads what the table of codes cannot: problems without a code, and
// limits that only their status tells.
func kind(code, message string, status int) fault.Kind {
	text := strings.ToLower(message)
	switch {
	case status == 429, code == "" && strings.Contains(text, "limit") && strings.Contains(text, "exceeded"):
		return fault.RateLimited
	case status == 403, code == "" && strings.Contains(text, "permission denied"), strings.Contains(text, "ip is restricted"):
		return fault.Forbidden
	default:
		return ""
	}
}

// wait is the first of the given waits, or that of the older text "reset in 12
// seconds".
func wait(seconds, more json.Number, message string) time.Duration {
	for _, text := range []string{seconds.String(), more.String(), shape.WordAfter(message, "reset in")} {
		if n, err := strconv.ParseFloat(text, 64); err == nil && n > 0 && n < 1e6 {
			return time.Duration(n * float64(time.Second))
		}
	}
	return 0
}

func parse(r connector.Reply) connector.VendorError {
	e, err := connector.DecodeJSON[envelope](r)
	if err == nil {
		if ve := e.refusal(r); ve != nil {
			return *ve
		}
	}
	return connector.LenientError(r)
}

// answer reads the data of an answer. Data that hold what was asked for are a
// success, whatever problems stand beside them.
func answer[T any](r connector.Reply, holds func(T) bool) (T, error) {
	var data T
	e, err := connector.DecodeJSON[envelope](r)
	if err != nil {
		return data, err
	}
	read := json.Unmarshal(e.Data, &data) // null, {} or [] beside problems
	if read == nil && holds(data) {
		return data, nil
	}
	if ve := e.refusal(r); ve != nil {
		return data, ve
	}
	if read == nil {
		read = errors.New("the answer does not hold what was asked for")
	}
	return data, read
}
