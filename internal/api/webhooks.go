package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crmferry/internal/webhook"
)

const (
	endpointsPath  = "/webhook-endpoints"
	deliveriesPath = "/webhook-deliveries"
	callbackPath   = "/callback-secret"
)

// EndpointPath is the part of a path that names an endpoint.
type EndpointPath struct {
	ID string `path:"id" maxLength:"128" doc:"The endpoint's id" example:"whe_06g2xw8tpnw6vgk7m3a41sb5gm"`
}

// DeliveryPath is the part of a path that names a delivery.
type DeliveryPath struct {
	ID string `path:"id" maxLength:"128" doc:"The delivery's id"`
}

type createEndpointInput struct{ Body endpointRequest }

type createEndpointOutput struct {
	Location string `header:"Location"`
	Body     endpointView
}

type endpointOutput struct{ Body endpointView }

func (s *server) endpoint(e webhook.Endpoint, secret string, err error) (*endpointOutput, error) {
	if err != nil {
		return nil, err
	}
	return &endpointOutput{endpointViewOf(e, secret, s.now())}, nil
}

func (s *server) createEndpoint(ctx context.Context, in *createEndpointInput) (*createEndpointOutput, error) {
	principal := principalOf(ctx)
	e, secret, err := s.Webhooks.Create(ctx, principal.Tenant, principal.Name, in.Body.draft())
	if err != nil {
		return nil, err
	}
	return &createEndpointOutput{endpointsPath + "/" + e.ID, endpointViewOf(e, secret, s.now())}, nil
}

type listEndpointsOutput struct{ Body endpointPage }

type endpointPage struct {
	Result     []endpointView `json:"result"`
	NextCursor *string        `json:"next_cursor" nullable:"true" doc:"Always null: all endpoints fit a page"`
}

func (s *server) listEndpoints(ctx context.Context, _ *struct{}) (*listEndpointsOutput, error) {
	list, err := s.Webhooks.List(ctx, principalOf(ctx).Tenant)
	if err != nil {
		return nil, err
	}
	page := endpointPage{Result: []endpointView{}}
	for _, e := range list {
		page.Result = append(page.Result, endpointViewOf(e, "", s.now()))
	}
	return &listEndpointsOutput{page}, nil
}

type getEndpointInput struct{ EndpointPath }

func (s *server) getEndpoint(ctx context.Context, in *getEndpointInput) (*endpointOutput, error) {
	e, err := s.Webhooks.Get(ctx, principalOf(ctx).Tenant, in.ID)
	return s.endpoint(e, "", err)
}

type changeEndpointInput struct {
	EndpointPath
	Body endpointRequest
}

func (s *server) changeEndpoint(ctx context.Context, in *changeEndpointInput) (*endpointOutput, error) {
	e, err := s.Webhooks.Change(ctx, principalOf(ctx).Tenant, in.ID, in.Body.draft())
	return s.endpoint(e, "", err)
}

type deleteEndpointInput struct{ EndpointPath }

func (s *server) deleteEndpoint(ctx context.Context, in *deleteEndpointInput) (*struct{}, error) {
	return nil, s.Webhooks.Delete(ctx, principalOf(ctx).Tenant, in.ID)
}

// Overlap is for how long an old secret signs beside a new one.
type Overlap struct {
	Seconds int `query:"overlap_seconds" minimum:"0" maximum:"604800" default:"86400" doc:"For how long the old secret signs beside the new one; 0 if it has leaked"`
}

func (o Overlap) duration() time.Duration { return time.Duration(o.Seconds) * time.Second }

type rotateEndpointInput struct {
	EndpointPath
	Overlap
}

func (s *server) rotateEndpoint(ctx context.Context, in *rotateEndpointInput) (*endpointOutput, error) {
	e, secret, err := s.Webhooks.Rotate(ctx, principalOf(ctx).Tenant, in.ID, in.duration())
	return s.endpoint(e, secret, err)
}

type deliveryOutput struct{ Body deliveryView }

func deliveryAnswer(d webhook.Delivery, err error) (*deliveryOutput, error) {
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{deliveryViewOf(d)}, nil
}

func (s *server) testEndpoint(ctx context.Context, in *getEndpointInput) (*deliveryOutput, error) {
	return deliveryAnswer(s.Webhooks.Test(ctx, principalOf(ctx).Tenant, in.ID))
}

type recoverInput struct {
	EndpointPath
	Since time.Time `query:"since" required:"true" doc:"Sends again what failed of the events since this time"`
}

type recoverOutput struct{ Body recovered }

type recovered struct {
	Redelivered int `json:"redelivered" doc:"How many deliveries are sent again"`
}

func (s *server) recoverEndpoint(ctx context.Context, in *recoverInput) (*recoverOutput, error) {
	n, err := s.Webhooks.Recover(ctx, principalOf(ctx).Tenant, in.ID, in.Since)
	if err != nil {
		return nil, err
	}
	return &recoverOutput{recovered{n}}, nil
}

type listDeliveriesInput struct {
	Endpoint string         `query:"webhook_endpoint_id" maxLength:"128" doc:"Those to one endpoint"`
	Status   webhook.Status `query:"status" enum:"pending,succeeded,failed"`
	Type     webhook.Type   `query:"event_type" maxLength:"64" doc:"Those of one type of event, such as contact.failed"`
	About    string         `query:"about" maxLength:"128" doc:"The id of a job or an import"`
	Since    time.Time      `query:"created_after" doc:"Those made since this time"`
	Limit    int            `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor   string         `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
}

type listDeliveriesOutput struct{ Body deliveryPage }

type deliveryPage struct {
	Result     []deliveryView `json:"result"`
	NextCursor *string        `json:"next_cursor" nullable:"true" doc:"null on the last page"`
}

func (s *server) listDeliveries(ctx context.Context, in *listDeliveriesInput) (*listDeliveriesOutput, error) {
	filter := fmt.Sprintf("deliveries %q %q %q %q %d", in.Endpoint, in.Status, in.Type, in.About, in.Since.UnixMilli())
	cursor, err := openCursor(filter, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Webhooks.Deliveries.List(ctx, principalOf(ctx).Tenant, webhook.Filter{
		Endpoint: in.Endpoint, Status: in.Status, Type: in.Type, About: in.About, Since: in.Since, Limit: in.Limit, Cursor: cursor,
	})
	if errors.Is(err, webhook.ErrCursor) {
		return nil, badCursor()
	}
	if err != nil {
		return nil, err
	}
	page := deliveryPage{Result: []deliveryView{}, NextCursor: closeCursor(filter, next)}
	for _, d := range list {
		page.Result = append(page.Result, deliveryViewOf(d))
	}
	return &listDeliveriesOutput{page}, nil
}

type getDeliveryInput struct{ DeliveryPath }

func (s *server) getDelivery(ctx context.Context, in *getDeliveryInput) (*deliveryOutput, error) {
	return deliveryAnswer(s.Webhooks.Deliveries.Delivery(ctx, principalOf(ctx).Tenant, in.ID))
}

func (s *server) redeliver(ctx context.Context, in *getDeliveryInput) (*deliveryOutput, error) {
	return deliveryAnswer(s.Webhooks.Redeliver(ctx, principalOf(ctx).Tenant, in.ID))
}

type callbackOutput struct{ Body callbackView }

func (s *server) callbackAnswer(c webhook.Callbacks, secret string, err error) (*callbackOutput, error) {
	if err != nil {
		return nil, err
	}
	return &callbackOutput{callbackView{secretsOf(c.Keys, s.now()), secret}}, nil
}

func (s *server) getCallback(ctx context.Context, _ *struct{}) (*callbackOutput, error) {
	c, err := s.Webhooks.Callback(ctx, principalOf(ctx).Tenant)
	return s.callbackAnswer(c, "", err)
}

func (s *server) makeCallback(ctx context.Context, _ *struct{}) (*callbackOutput, error) {
	return s.callbackAnswer(s.Webhooks.MakeCallback(ctx, principalOf(ctx).Tenant))
}

type rotateCallbackInput struct{ Overlap }

func (s *server) rotateCallback(ctx context.Context, in *rotateCallbackInput) (*callbackOutput, error) {
	return s.callbackAnswer(s.Webhooks.RotateCallback(ctx, principalOf(ctx).Tenant, in.duration()))
}

// checkCallback adds what is wrong with a request's callback_url to its faults.
func (s *server) checkCallback(ctx context.Context, o *options) error {
	if o.callback == "" {
		return nil
	}
	f, err := s.Webhooks.CheckCallback(ctx, principalOf(ctx).Tenant, o.callback)
	if err == nil && f != nil {
		o.fault(optionCallback, f.Code, f.Message)
	}
	return err
}

// translateWebhook gives the problem for webhooks' errors.
func translateWebhook(err error) error {
	var invalid *webhook.Invalid
	switch {
	case errors.As(err, &invalid):
		var faults []FieldProblem
		for _, f := range invalid.Faults {
			pointer := "/" + f.Field
			if f.Field == "overlap_seconds" {
				pointer = "query." + f.Field
			}
			faults = append(faults, FieldProblem{Pointer: pointer, Code: f.Code, Message: f.Message})
		}
		return invalidRequest(faults...)
	case errors.Is(err, webhook.ErrNotFound):
		return problem(problemNotFound, "There is no such webhook endpoint or delivery, or it is past retention.")
	case errors.Is(err, webhook.ErrChanged):
		return problem(problemConflict, "It changed meanwhile; try again.").with("Retry-After", "1").because(err)
	case errors.Is(err, webhook.ErrExists):
		return problem(problemConflict, "There is a callback secret already; POST /callback-secret/rotate replaces it.")
	case errors.Is(err, webhook.ErrTooMany):
		return problem(problemConflict, fmt.Sprintf("A tenant may have %d webhook endpoints.", webhook.MaxEndpoints))
	case errors.Is(err, webhook.ErrUnderWay):
		return problem(problemConflict, "The delivery is not over yet.")
	case errors.Is(err, webhook.ErrDisabled):
		return problem(problemConflict, "The webhook endpoint is disabled; enable it first.")
	default:
		return err
	}
}
