package kit_test

import (
	"testing"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	spec := tiny()
	say := func(what string) kit.Handler {
		return func(c *kit.Call) kit.Reply { return kit.JSON(200, what+" "+c.Var("id")) }
	}
	spec.Routes = map[string]kit.Handler{
		"GET /contacts/": say("slash"), "GET /contacts/{id}": say("id"), "GET /contacts/describe": say("describe"),
		"DELETE /contacts/{id}": say("delete"), "PUT /contacts/{id}": say("put"),
		"GET /contacts({id})": say("key"), "GET /{kind}/{id}": say("any"),
	}
	spec.Errors.NotFound = func(_ *kit.Call, allow []string) kit.Reply { return kit.JSON(404, allow) }
	ok := func(path, want string) kittest.Step {
		return kittest.Step{Name: path, Path: path, Want: map[string]string{"": `"` + want + `"`}}
	}
	kittest.Run(t, kittest.Suite{Spec: spec, Options: kit.Options{Unlimited: true}},
		ok("/contacts/", "slash "), ok("/contacts/7", "id 7"), ok("/contacts/describe", "describe "),
		ok("/contacts(7-8)", "key 7-8"), ok("/contacts/a%2Fb%40c", "id a/b@c"), ok("/people/7", "any 7"),
		kittest.Step{Path: "/contacts", Status: 404, Want: map[string]string{"": "null"}},
		kittest.Step{Path: "/contacts()", Status: 404, Want: map[string]string{"": "null"}},
		kittest.Step{Method: "PATCH", Path: "/contacts/7", Status: 404, Want: map[string]string{"": `["DELETE","GET","PUT"]`}},
	)
}
