package pipedrive

import (
	"net/http"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// parse reads a refusal, which names fields in its text alone:
// https://pipedrive.readme.io/docs/core-api-concepts-http-status-codes
func parse(r connector.Reply) connector.VendorError {
	ve := connector.LenientError(r)
	ve.Fields = shape.Words(ve.Message)
	_, err := connector.DecodeJSON[map[string]any](r)
	switch {
	case err != nil && r.Status == http.StatusForbidden:
		// The gateway's page for those who went on in spite of 429.
		ve.Kind, ve.RetryAfter = fault.RateLimited, 5*time.Minute
	case r.Status == http.StatusTooManyRequests && r.Header.Get("X-Daily-Ratelimit-Token-Remaining") == "0" && r.Header.Get("Retry-After") == "":
		ve.RetryAfter = time.Hour // until midnight in the server's zone, which is not told
	}
	return ve
}

// open reads the data of an answer, unless it is a refusal all the same.
func open[T any](r connector.Reply) (T, error) {
	answer, err := connector.DecodeJSON[struct {
		Success *bool `json:"success"`
		Data    T     `json:"data"`
	}](r)
	if answer.Success != nil && !*answer.Success {
		ve := parse(r)
		return answer.Data, &ve
	}
	return answer.Data, err
}

func refused(r connector.Reply) error {
	_, err := open[any](r)
	return err
}
