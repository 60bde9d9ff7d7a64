package pipeliner

import (
	"cmp"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// envelope is around every answer. Only success is certain in a refusal, which
// may come within a success status.
type envelope[T any] struct {
	Success bool     `json:"success"`
	Data    T        `json:"data"`
	Page    pageInfo `json:"page_info"`
}

type pageInfo struct {
	EndCursor string `json:"end_cursor"`
	More      bool   `json:"has_next_page"`
}

func (e envelope[T]) next() string {
	if !e.Page.More {
		return ""
	}
	return e.Page.EndCursor
}

func unwrap[T any](r connector.Reply) (T, error) {
	e, err := open[T](r)
	return e.Data, err
}

func unwrapPage[T any](r connector.Reply) (envelope[[]T], error) { return open[[]T](r) }

func open[T any](r connector.Reply) (envelope[T], error) {
	e, err := connector.DecodeJSON[envelope[T]](r)
	if e.Success {
		return e, err
	}
	if f, unread := connector.DecodeJSON[failure](r); unread == nil {
		ve := f.vendorError(r)
		ve.Kind = cmp.Or(ve.Kind, f.kind())
		return e, &ve
	}
	return e, err
}

// failure is an error of the API, one of what stands before it, which has a
// message alone, or one item of a batch:
// https://developers.pipelinersales.com/api-docs/core-api-concepts/bulk-create-update-delete
//
// Its entity_id belongs to no record.
type failure struct {
	Name         string  `json:"name"`
	Message      string  `json:"message"`
	HTTPStatus   int     `json:"http_status"`
	EntityIndex  *int    `json:"entity_index"`
	EntityErrors []issue `json:"entity_errors"`
	FieldErrors  []struct {
		issue
		Errors []issue `json:"errors"`
	} `json:"field_errors"`
}

type issue struct {
	Name      string `json:"name"`
	Message   string `json:"message"`
	FieldName string `json:"field_name"`
}

func parse(r connector.Reply) connector.VendorError {
	f, err := connector.DecodeJSON[failure](r)
	if err != nil {
		return connector.LenientError(r)
	}
	return f.vendorError(r)
}

func (f failure) vendorError(r connector.Reply) connector.VendorError {
	message := strings.TrimSpace(f.Message)
	ve := connector.VendorError{Code: f.Name, Message: cmp.Or(message, connector.LenientError(r).Message)}
	for _, i := range f.issues() {
		ve.Fields = append(ve.Fields, cmp.Or(i.FieldName, shape.WordAfter(i.Message, "[")))
		if !strings.Contains(message, strings.TrimSpace(i.Message)) {
			ve.Message += "; " + i.Message
		}
		if i.notUnique() {
			ve.Kind = fault.Duplicate
		}
	}
	return ve
}

func (f failure) issues() []issue {
	list := f.EntityErrors
	for _, e := range f.FieldErrors {
		list = append(append(list, e.issue), e.Errors...)
	}
	return list
}

// notUnique tells a value that another record has in a field that an admin
// marked as unique; how the vendor words it is not documented.
func (i issue) notUnique() bool {
	text := strings.ToLower(i.Name + " " + i.Message)
	return strings.Contains(text, "unique") || strings.Contains(text, "duplicate") || strings.Contains(text, "already exists")
}

// kind is what a refusal within a success status means; one that does not say
// leaves open what was stored.
func (f failure) kind() fault.Kind {
	switch {
	case f.HTTPStatus == 401:
		return fault.Unauthorized
	case f.HTTPStatus == 403:
		return fault.Forbidden
	case f.HTTPStatus == 404:
		return fault.NotFound
	case f.HTTPStatus == 429:
		return fault.RateLimited
	case f.HTTPStatus >= 400 && f.HTTPStatus < 500:
		return fault.Invalid
	default:
		return fault.OutcomeUnknown
	}
}
