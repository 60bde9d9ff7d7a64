package connector

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/transport"
)

func TestTransportErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		err         error
		write, read fault.Kind
	}{
		{"refused", &transport.Error{Reason: transport.Refused}, fault.Unavailable, fault.Unavailable},
		{"dns", &transport.Error{Reason: transport.DNS}, fault.Unavailable, fault.Unavailable},
		{"fenced", &transport.Error{Reason: transport.Fenced}, fault.Unavailable, fault.Unavailable},
		{"cancelled in time", &transport.Error{Reason: transport.Cancelled}, fault.Unavailable, fault.Unavailable},
		{"private", &transport.Error{Reason: transport.PrivateAddress}, fault.Invalid, fault.Invalid},
		{"no request", &transport.Error{Reason: transport.InvalidRequest}, fault.Invalid, fault.Invalid},
		{"reset", &transport.Error{Reason: transport.Reset, Sent: true}, fault.OutcomeUnknown, fault.Unavailable},
		{"timeout", &transport.Error{Reason: transport.Timeout, Sent: true}, fault.OutcomeUnknown, fault.Unavailable},
		{"cut short", &transport.Error{Reason: transport.Truncated, Sent: true, Status: 201}, fault.OutcomeUnknown, fault.Unavailable},
		{"too large", &transport.Error{Reason: transport.TooLarge, Sent: true, Status: 200}, fault.OutcomeUnknown, fault.Unavailable},
		{"context", context.Canceled, fault.Unavailable, fault.Unavailable},
		{"anything else", errors.New("boom"), fault.Internal, fault.Internal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := open(t, acme(), ada(), reply{err: tt.err}, reply{err: tt.err})
			_, err := s.Create(context.Background(), unmarked)
			f := faultOf(t, err)
			if f.Kind != tt.write || f.CRM != "acme" || f.Op != OpCreate || !errors.Is(f, tt.err) {
				t.Errorf("create: %+v", f)
			}
			_, err = s.Read(context.Background(), "1")
			if f := faultOf(t, err); f.Kind != tt.read || f.Op != OpRead {
				t.Errorf("read: %+v", f)
			}
		})
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status      int
		header      http.Header
		write, read fault.Kind
	}{
		{status: 202, write: fault.OutcomeUnknown, read: fault.BadResponse},
		{status: 302, write: fault.BadResponse, read: fault.BadResponse},
		{status: 400, write: fault.Invalid, read: fault.Invalid},
		{status: 401, write: fault.Unauthorized, read: fault.Unauthorized},
		{status: 403, write: fault.Forbidden, read: fault.Forbidden},
		{status: 404, write: fault.NotFound, read: fault.NotFound},
		{status: 408, write: fault.OutcomeUnknown, read: fault.Unavailable},
		{status: 409, write: fault.Duplicate, read: fault.Duplicate},
		{status: 410, write: fault.NotFound, read: fault.NotFound},
		{status: 413, write: fault.Invalid, read: fault.Invalid},
		{status: 422, write: fault.Invalid, read: fault.Invalid},
		{status: 423, write: fault.Unavailable, read: fault.Unavailable},
		{status: 429, write: fault.RateLimited, read: fault.RateLimited},
		{status: 500, write: fault.OutcomeUnknown, read: fault.Unavailable},
		{status: 502, write: fault.OutcomeUnknown, read: fault.Unavailable},
		{status: 503, write: fault.OutcomeUnknown, read: fault.Unavailable},
		{status: 503, header: http.Header{"Retry-After": {"7"}}, write: fault.Unavailable, read: fault.Unavailable},
		{status: 504, header: http.Header{"Retry-After": {"7"}}, write: fault.OutcomeUnknown, read: fault.Unavailable},
		{status: 477, write: fault.Unavailable, read: fault.Unavailable}, // by the Spec's table
	}
	for _, tt := range tests {
		spec := acme()
		spec.Create.OK, spec.Read.OK = []int{201}, []int{200}
		spec.Errors.Statuses = map[int]fault.Kind{477: fault.Unavailable}
		refusal := reply{status: tt.status, header: tt.header, body: `{"message":"no"}`}
		s, _ := open(t, spec, ada(), refusal, refusal)
		_, err := s.Create(context.Background(), unmarked)
		f := faultOf(t, err)
		if f.Kind != tt.write || f.Status != tt.status || f.Message != "no" {
			t.Errorf("create, %d %v: %+v", tt.status, tt.header, f)
		}
		if tt.header != nil && f.RetryAfter != 7*time.Second {
			t.Errorf("create, %d: wait %v", tt.status, f.RetryAfter)
		}
		_, err = s.Read(context.Background(), "1")
		if f := faultOf(t, err); f.Kind != tt.read {
			t.Errorf("read, %d %v: %s", tt.status, tt.header, f.Kind)
		}
	}
}

func TestVendorsWords(t *testing.T) {
	t.Parallel()
	spec := acme()
	spec.Errors = Errors{
		Codes:    map[string]fault.Kind{"TAKEN": fault.Duplicate, "REQUEST_LIMIT": fault.RateLimited},
		Statuses: map[int]fault.Kind{400: fault.NotFound},
		Fields:   map[string]contact.Field{"given": contact.FirstName, "mail": contact.EmailAddresses, "mail2": contact.EmailAddresses},
	}
	spec.Limits = Limits{DefaultWait: 20 * time.Second, Wait: []WaitHeader{{Name: "X-Interval", Form: Millis}}}
	in := ada()
	in.CustomFields = map[string]any{"level": "gold"}
	interval := http.Header{"X-Interval": {"1500"}}
	tests := []struct {
		name   string
		ve     VendorError
		status int
		header http.Header
		want   fault.Error
	}{
		{"code before status", VendorError{Code: "taken", RemoteID: "7"}, 400, nil,
			fault.Error{Kind: fault.Duplicate, Code: "taken", RemoteID: "7"}},
		{"status of the table", VendorError{Code: "other"}, 400, nil, fault.Error{Kind: fault.NotFound, Code: "other"}},
		{"own word before all", VendorError{Code: "TAKEN", Kind: fault.Forbidden, MaybeApplied: true}, 400, nil,
			fault.Error{Kind: fault.Forbidden, Code: "TAKEN", MaybeApplied: true}},
		{"fields, each once", VendorError{Fields: []string{"mail", "level", "nothing", "given", "mail2"}}, 422, nil,
			fault.Error{Kind: fault.Invalid, Fields: []string{"email_addresses", "custom_fields/level", "first_name"}}},
		{"default wait", VendorError{Code: "REQUEST_LIMIT"}, 403, nil,
			fault.Error{Kind: fault.RateLimited, Code: "REQUEST_LIMIT", RetryAfter: 20 * time.Second}},
		{"wait of the header", VendorError{}, 429, interval, fault.Error{Kind: fault.RateLimited, RetryAfter: 1500 * time.Millisecond}},
		{"wait of the body", VendorError{RetryAfter: time.Hour}, 429, interval, fault.Error{Kind: fault.RateLimited, RetryAfter: time.Hour}},
		{"a budget's header is no wait elsewhere", VendorError{}, 422, interval, fault.Error{Kind: fault.Invalid}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			own := *spec
			own.Errors.Parse = func(Reply) VendorError { return tt.ve }
			s, _ := open(t, &own, in, reply{status: tt.status, header: tt.header})
			_, err := s.Create(context.Background(), unmarked)
			tt.want.CRM, tt.want.Op, tt.want.Status = "acme", OpCreate, tt.status
			if diff := cmp.Diff(&tt.want, faultOf(t, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusalsAndRubbishWithinSuccess(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		body   string
		decode func(*Call, Reply) (contact.Contact, error)
		want   fault.Kind
	}{
		{"refusal with a code of the table", `{}`, refuse(VendorError{Code: "TAKEN"}), fault.Duplicate},
		{"refusal with another", `{}`, refuse(VendorError{Code: "ODD"}), fault.Invalid},
		{"refusal with a kind", `{}`, refuse(VendorError{Kind: fault.BadResponse}), fault.BadResponse},
		{"no id", `{}`, decodeAcme, fault.OutcomeUnknown},
		{"cut JSON", `{"id":`, decodeAcme, fault.OutcomeUnknown},
		{"nothing", ``, decodeAcme, fault.OutcomeUnknown},
		{"HTML", `<html>`, decodeAcme, fault.OutcomeUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spec := acme()
			spec.Errors.Codes = map[string]fault.Kind{"TAKEN": fault.Duplicate}
			spec.Create.Decode = tt.decode
			s, _ := open(t, spec, ada(), ok(tt.body))
			_, err := s.Create(context.Background(), unmarked)
			if f := faultOf(t, err); f.Kind != tt.want || f.Status != 200 {
				t.Errorf("fault = %+v, want %s", f, tt.want)
			}
		})
	}
	s, _ := open(t, acme(), ada(), ok(`rubbish`))
	_, err := s.Read(context.Background(), "1")
	if kind := fault.KindOf(err); kind != fault.BadResponse {
		t.Errorf("an unreadable read is %s", kind)
	}
}

func refuse(ve VendorError) func(*Call, Reply) (contact.Contact, error) {
	return func(*Call, Reply) (contact.Contact, error) { return contact.Contact{}, &ve }
}

func TestReadsLeaveNothingUnknown(t *testing.T) {
	t.Parallel()
	spec := acme()
	spec.Errors.Codes = map[string]fault.Kind{"BROKEN": fault.OutcomeUnknown}
	s, _ := open(t, spec, ada(), reply{status: 400, body: `{"code":"broken"}`}, reply{status: 400, body: `{"code":"broken"}`})
	_, err := s.Create(context.Background(), unmarked)
	if kind := fault.KindOf(err); kind != fault.OutcomeUnknown {
		t.Errorf("create: %s", kind)
	}
	_, err = s.Read(context.Background(), "1")
	if kind := fault.KindOf(err); kind != fault.Unavailable {
		t.Errorf("read: %s", kind)
	}
}

func TestEncodingFaults(t *testing.T) {
	t.Parallel()
	known := fault.New(fault.Invalid, "invalid_id", "account.id must be a whole number")
	known.Fields = []string{"account"}
	for name, err := range map[string]error{"known": known, "plain": errors.New("no way")} {
		spec := acme()
		spec.Create.Request = func(*Call) (Request, error) { return Request{}, err }
		s, http := open(t, spec, ada())
		_, got := s.Create(context.Background(), unmarked)
		f := faultOf(t, got)
		if f.Kind != fault.Invalid || f.CRM != "acme" || f.Op != OpCreate || len(http.seen) != 0 {
			t.Errorf("%s: %+v", name, f)
		}
		if name == "known" && !cmp.Equal(f.Fields, known.Fields) {
			t.Errorf("fields = %v", f.Fields)
		}
	}
}

func TestEchoesAreBlankedOut(t *testing.T) {
	t.Parallel()
	in := ada()
	in.EmailAddresses = []contact.Email{{Email: "Ada@Example.com"}}
	in.CustomFields = map[string]any{"pin": "4711-x"}
	echo := `{"message":"token ` + secret + ` of ADA: ada@example.com is invalid, adapter 4711-x, id 4711"}`
	s, _ := open(t, acme(), in, reply{status: 422, body: echo}, ok(`{"id":"1","name":"`+secret+`"}`))
	_, err := s.Create(context.Background(), unmarked)
	want := "token *** of ***: *** is invalid, adapter ***, id 4711"
	if f := faultOf(t, err); f.Message != want {
		t.Errorf("message = %q, want %q", f.Message, want)
	}
	if strings.Contains(err.Error(), secret) {
		t.Error("the error's text holds the credential")
	}
	a, err := s.Create(context.Background(), unmarked)
	if err != nil || a.Contact.Name != "***" || strings.Contains(string(a.Raw), secret) {
		t.Errorf("answer = %+v, %v", a, err)
	}
}

func TestEchoesOfBasicPairsAreBlankedOut(t *testing.T) {
	t.Parallel()
	spec := acme()
	spec.Schemes = []Scheme{{ID: Basic, BasicPair: [2]string{"{username}", "{password}"}}}
	http := &script{replies: []reply{{status: 401, body: `{"message":"no such user: Basic YWRhOnF1aXRlLXNlY3JldA=="}`}}}
	acc := account()
	acc.Credential = Credential{Scheme: Basic, Values: map[string]string{"username": "ada", "password": "quite-secret"}}
	s := sessionOf(t, NewClient(http, nil, nil), spec, acc, ada())
	_, err := s.Create(context.Background(), unmarked)
	if f := faultOf(t, err); f.Message != "no such user: Basic ***" {
		t.Errorf("message = %q", f.Message)
	}
}

func TestMessagesAreClipped(t *testing.T) {
	t.Parallel()
	s, _ := open(t, acme(), ada(), reply{status: 422, body: `{"message":"` + strings.Repeat("é", 900) + `"}`})
	_, err := s.Create(context.Background(), unmarked)
	if got := []rune(faultOf(t, err).Message); len(got) != 500 || got[499] != '…' {
		t.Errorf("message of %d characters ends in %q", len(got), got[len(got)-1])
	}
}

func TestMaskWord(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, value, want string }{
		{"Ada is taken, ada!", "ADA", "*** is taken, ***!"},
		{"adapter", "ada", "adapter"},
		{"canada", "ada", "canada"},
		{"Zoë and Zoëx", "Zoë", "*** and Zoëx"},
		{"İstanbul ada", "ada", "İstanbul ***"},
		{"x", "x", "x"},
		{"aa aaa aa", "aa", "*** aaa ***"},
		{"", "ada", ""},
	}
	for _, tt := range tests {
		if got := maskWord(tt.text, tt.value); got != tt.want {
			t.Errorf("maskWord(%q, %q) = %q, want %q", tt.text, tt.value, got, tt.want)
		}
	}
}
