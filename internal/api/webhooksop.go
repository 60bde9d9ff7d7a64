package api

import "github.com/danielgtaylor/huma/v2"

const (
	oneEndpoint = endpointsPath + "/{id}"
	oneDelivery = deliveriesPath + "/{id}"
)

func (s *server) addWebhooks() {
	s.addEndpoints()
	s.addEndpointActions()
	s.addDeliveries()
	s.addCallbackSecret()
}

// hook is an operation on webhooks.
func hook(id, method, path, summary string, status int, errors ...int) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Tags: []string{tagWebhooks}, Summary: summary, DefaultStatus: status,
		Errors: append([]int{401, 403}, errors...),
	}
}

func (s *server) addEndpoints() {
	taken := huma.Middlewares{s.takeJSON(maxAccountBody)}
	create := hook("create-webhook-endpoint", "POST", endpointsPath, "Have events sent to a URL", 201, 400, 409, 413, 415, 422, 503)
	create.Description = "The answer holds the secret that signs the events (Standard Webhooks): it is shown this once."
	create.Middlewares = taken
	add(s, ScopeWebhooksWrite, create, s.createEndpoint)
	add(s, ScopeWebhooksWrite, hook("list-webhook-endpoints", "GET", endpointsPath, "List webhook endpoints", 200), s.listEndpoints)
	add(s, ScopeWebhooksWrite, hook("get-webhook-endpoint", "GET", oneEndpoint, "Show a webhook endpoint", 200, 404), s.getEndpoint)
	change := hook("change-webhook-endpoint", "PATCH", oneEndpoint, "Change a webhook endpoint", 200, 400, 404, 409, 413, 415, 422)
	change.Description = "Members that are absent stay as they are. While an endpoint is disabled no events are kept for it, and what waited for it fails; recover sends that again."
	change.Middlewares = taken
	add(s, ScopeWebhooksWrite, change, s.changeEndpoint)
	add(s, ScopeWebhooksWrite, hook("delete-webhook-endpoint", "DELETE", oneEndpoint, "Remove a webhook endpoint", 204, 404), s.deleteEndpoint)
}

func (s *server) addEndpointActions() {
	rotate := hook("rotate-webhook-secret", "POST", oneEndpoint+"/rotate-secret", "Replace a webhook endpoint's secret", 200, 404, 409, 422)
	rotate.Description = "The answer holds the new secret, shown this once. Until the overlap is over, deliveries carry signatures by both."
	add(s, ScopeWebhooksWrite, rotate, s.rotateEndpoint)
	test := hook("test-webhook-endpoint", "POST", oneEndpoint+"/test", "Send a test event", 202, 404, 409)
	test.Description = "At most one a second. What became of it is at GET /webhook-deliveries/{id}."
	add(s, ScopeWebhooksWrite, test, s.testEndpoint)
	again := hook("recover-webhook-endpoint", "POST", oneEndpoint+"/recover", "Send again all that failed since a time", 202, 404, 409, 422, 503)
	add(s, ScopeWebhooksWrite, again, s.recoverEndpoint)
}

func (s *server) addDeliveries() {
	list := hook("list-webhook-deliveries", "GET", deliveriesPath, "List webhook deliveries", 200, 404, 422)
	list.Description, list.RejectUnknownQueryParameters = "Newest first.", true
	add(s, ScopeWebhooksWrite, list, s.listDeliveries)
	add(s, ScopeWebhooksWrite, hook("get-webhook-delivery", "GET", oneDelivery, "Show a webhook delivery", 200, 404), s.getDelivery)
	again := hook("redeliver-webhook", "POST", oneDelivery+"/redeliver", "Send a webhook delivery once more", 202, 404, 409, 503)
	again.Description = "With the same webhook-id and body, signed anew."
	add(s, ScopeWebhooksWrite, again, s.redeliver)
}

func (s *server) addCallbackSecret() {
	add(s, ScopeWebhooksWrite, hook("get-callback-secret", "GET", callbackPath, "Tell whether there is a callback secret", 200), s.getCallback)
	create := hook("create-callback-secret", "POST", callbackPath, "Make the secret that signs what is sent to callback_url", 201, 409)
	create.Description = "Shown this once. callback_url can be used as soon as there is one."
	add(s, ScopeWebhooksWrite, create, s.makeCallback)
	add(s, ScopeWebhooksWrite, hook("rotate-callback-secret", "POST", callbackPath+"/rotate", "Replace the callback secret", 200, 409, 422), s.rotateCallback)
}
