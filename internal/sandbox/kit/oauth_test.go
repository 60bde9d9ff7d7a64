package kit_test

import (
	"net/http"
	"testing"
	"time"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

func TestOAuth(t *testing.T) {
	t.Parallel()
	type want = map[string]string
	const client = "&client_id=sandbox-client&client_secret=sandbox-secret"
	ask := func(name, form string, status int, wants want) kittest.Step {
		return kittest.Step{Name: name, Token: "-", Path: "/token", Body: form, Status: status, Want: wants,
			Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}
	}
	refresh := func(name, token string, status int, wants want) kittest.Step {
		return ask(name, "grant_type=refresh_token&refresh_token="+token+client, status, wants)
	}
	spec := tiny()
	spec.Before = func(*kit.Call) *kit.Reply { r := kit.Empty(415); return &r }
	spec.OAuth = &kit.OAuth{Path: "/token", ExpiresIn: 60, Rotates: true,
		Complete: func(c *kit.Call, answer map[string]any) { answer["account"] = c.Account.Name }}
	refused := want{"error": `"invalid_grant"`}
	crm := kittest.Run(t, kittest.Suite{Spec: spec},
		refresh("first", "sbx_tiny_acme", 200, want{"access_token": `"sbx_tiny_acme"`, "refresh_token": `"sbx_tiny_acme~2"`,
			"expires_in": "60", "token_type": `"Bearer"`, "account": `"acme"`}),
		refresh("first, used up", "sbx_tiny_acme", 400, refused),
		refresh("second", "sbx_tiny_acme~2", 200, want{"refresh_token": `"sbx_tiny_acme~3"`}),
		refresh("made up", "sbx_tiny_acme~9", 400, refused),
		refresh("dead", "sbx_tiny_expired", 400, refused),
		ask("no client", "grant_type=refresh_token&refresh_token=sbx_tiny_acme~3", 401, want{"error": `"invalid_client"`}),
		ask("code", "grant_type=authorization_code&code=1"+client, 400, want{"error": `"unsupported_grant_type"`}),
		ask("nothing", "a=b", 400, want{"error": `"invalid_request"`}),
		ask("client credentials", "grant_type=client_credentials&client_id=sandbox-client&client_secret=sbx_tiny_acme", 200,
			want{"access_token": `"sbx_tiny_acme"`, "refresh_token": "-"}),
		ask("client credentials of nobody", "grant_type=client_credentials&client_id=x&client_secret=x", 401, want{"error": `"invalid_client"`}),
		kittest.Step{Name: "as JSON", Token: "-", Path: "/token",
			Body: `{"grant_type":"refresh_token","refresh_token":"sbx_tiny_acme~3","client_id":"sandbox-client","client_secret":"sandbox-secret"}`},
		kittest.Step{Name: "a refresh token opens nothing", Token: "sbx_tiny_acme~4", Path: "/contacts", Status: 401},
		kittest.Step{Name: "other calls are no token requests", Path: "/contacts", Status: 415},
	)
	if u := crm.Counts("").Limited; u != 0 {
		t.Errorf("%d token requests refused by the limit of other calls", u)
	}
}

func TestOAuthVariants(t *testing.T) {
	t.Parallel()
	spec := tiny()
	spec.Limits = []kit.Limit{{Name: "tokens", Requests: 1, Per: time.Minute, Cost: func(c *kit.Call) int {
		if c.IsTokenRequest() {
			return 1
		}
		return 0
	}}}
	spec.OAuth = &kit.OAuth{Path: "/token", Refuse: func(_ *kit.Call, code string) kit.Reply { return kit.JSON(200, code) }}
	basic := func(r *http.Request, _ string) { r.SetBasicAuth(kit.ClientID, kit.ClientSecret) }
	step := kittest.Step{Path: "/token?grant_type=refresh_token&refresh_token=sbx_tiny_acme", Method: "POST",
		Want: map[string]string{"refresh_token": `"sbx_tiny_acme"`}}
	tooSoon, later, unknown := step, step, step
	tooSoon.Status, tooSoon.Want = 429, nil
	later.Advance = time.Minute
	unknown.Path, unknown.Want = "/token?grant_type=refresh_token&refresh_token=x", map[string]string{"": `"invalid_grant"`}
	kittest.Run(t, kittest.Suite{Spec: spec, Authorize: basic}, step, tooSoon, later, unknown)

	spec.OAuth.Judge = func(c *kit.Call) string { return c.Query("wrong") }
	spec.Limits = nil
	judged := step
	judged.Path, judged.Want = step.Path+"&wrong=invalid_request", map[string]string{"": `"invalid_request"`}
	kittest.Run(t, kittest.Suite{Spec: spec, Authorize: basic}, step, judged)
}
