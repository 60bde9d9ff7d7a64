package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"crmferry/internal/sandbox/kit"
)

const maxControlBody = 1 << 20

// control serves /_sandbox/. Answers are JSON; a refusal is {"error": text}.
//
//	GET    /_sandbox/                          {"crms":[slug]}
//	PUT    /_sandbox/lag                       {"lag":"2s"}, for all imitations
//	GET    /_sandbox/{slug}/ledger?account=    {"entries":[kit.Entry]}
//	GET    /_sandbox/{slug}/count?account=     kit.Counts
//	GET    /_sandbox/{slug}/requests?account=  {"requests":[kit.Request]}
//	GET    /_sandbox/{slug}/records?account=   {"records":[kit.Record]}
//	POST   /_sandbox/{slug}/faults             kit.Fault
//	DELETE /_sandbox/{slug}/faults             ends them all, lets go of what they hold
//	POST   /_sandbox/{slug}/seed               {"account","person":kit.Person,"created_at"}, answers {"id"}
//	PUT    /_sandbox/{slug}/limits             {"limits":[kit.Override],"unlimited":bool}
//	POST   /_sandbox/{slug}/reset              forgets everything
func control(w *World) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_sandbox/{$}", func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, map[string]any{"crms": w.Slugs()}, nil)
	})
	mux.HandleFunc("PUT /_sandbox/lag", func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Lag kit.Duration }
		err := decode(r, &in)
		if err == nil {
			w.SetIndexLag(time.Duration(in.Lag))
		}
		answer(rw, in, err)
	})
	for pattern, serve := range map[string]func(*kit.CRM, *http.Request) (any, error){
		"GET /_sandbox/{slug}/ledger":    ledger,
		"GET /_sandbox/{slug}/count":     count,
		"GET /_sandbox/{slug}/requests":  requests,
		"GET /_sandbox/{slug}/records":   records,
		"POST /_sandbox/{slug}/faults":   inject,
		"DELETE /_sandbox/{slug}/faults": clearFaults,
		"POST /_sandbox/{slug}/seed":     seed,
		"PUT /_sandbox/{slug}/limits":    limits,
		"POST /_sandbox/{slug}/reset":    reset,
	} {
		mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
			crm := w.CRM(r.PathValue("slug"))
			if crm == nil {
				answer(rw, nil, errNoCRM)
				return
			}
			out, err := serve(crm, r)
			answer(rw, out, err)
		})
	}
	return mux
}

var errNoCRM = errors.New("no such CRM")

func answer(w http.ResponseWriter, out any, err error) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case errors.Is(err, errNoCRM):
		w.WriteHeader(http.StatusNotFound)
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	}
	if err != nil {
		out = map[string]string{"error": err.Error()}
	}
	// A client that has left is no concern of the imitation.
	_ = json.NewEncoder(w).Encode(out)
}

func decode(r *http.Request, v any) error {
	dec := json.NewDecoder(io.LimitReader(r.Body, maxControlBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

func account(r *http.Request) string { return r.URL.Query().Get("account") }

func ledger(crm *kit.CRM, r *http.Request) (any, error) {
	return map[string]any{"entries": crm.Ledger(account(r))}, nil
}

func count(crm *kit.CRM, r *http.Request) (any, error) { return crm.Counts(account(r)), nil }

func requests(crm *kit.CRM, r *http.Request) (any, error) {
	return map[string]any{"requests": crm.Requests(account(r))}, nil
}

func records(crm *kit.CRM, r *http.Request) (any, error) {
	return map[string]any{"records": crm.Records(account(r))}, nil
}

func inject(crm *kit.CRM, r *http.Request) (any, error) {
	var f kit.Fault
	if err := decode(r, &f); err != nil {
		return nil, err
	}
	if err := f.Validate(); err != nil {
		return nil, err
	}
	crm.Inject(f)
	return f, nil
}

func clearFaults(crm *kit.CRM, _ *http.Request) (any, error) {
	crm.ClearFaults()
	return struct{}{}, nil
}

func seed(crm *kit.CRM, r *http.Request) (any, error) {
	var in struct {
		Account   string     `json:"account"`
		Person    kit.Person `json:"person"`
		CreatedAt time.Time  `json:"created_at"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.Account == "" || in.CreatedAt.IsZero() {
		return nil, errors.New("account and created_at are required")
	}
	return map[string]string{"id": crm.Seed(in.Account, in.Person, in.CreatedAt)}, nil
}

func limits(crm *kit.CRM, r *http.Request) (any, error) {
	var in struct {
		Limits    []kit.Override `json:"limits"`
		Unlimited *bool          `json:"unlimited"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if err := crm.SetLimits(in.Limits...); err != nil {
		return nil, err
	}
	if in.Unlimited != nil {
		crm.SetUnlimited(*in.Unlimited)
	}
	return struct{}{}, nil
}

func reset(crm *kit.CRM, _ *http.Request) (any, error) {
	crm.Reset()
	return struct{}{}, nil
}
