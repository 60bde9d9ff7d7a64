package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// client speaks to a Ferry API as its callers do.
type client struct {
	base  string
	token string
	http  *http.Client
}

// A request may wait 60 s for its job.
const clientTimeout = 90 * time.Second

func newClient(base, token string) *client {
	return &client{base: base, token: token, http: &http.Client{Timeout: clientTimeout}}
}

// call sends in as JSON and decodes the answer into out; an answer over 399 is
// an error with the problem's title and detail.
func (c *client) call(ctx context.Context, method, path string, in, out any) (int, error) {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return 0, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, &body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 400 {
		var problem struct {
			Title, Detail string
			Errors        []struct{ Pointer, Message string }
		}
		_ = json.NewDecoder(resp.Body).Decode(&problem)
		return resp.StatusCode, fmt.Errorf("HTTP %d: %s: %s %v", resp.StatusCode, problem.Title, problem.Detail, problem.Errors)
	}
	return resp.StatusCode, json.NewDecoder(resp.Body).Decode(out)
}
