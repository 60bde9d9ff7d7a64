package app

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"

	"crmferry/internal/config"
	"crmferry/internal/connector"
	"crmferry/internal/sandbox"
	"crmferry/internal/vendors"
)

// RunDemo shows the main job on a machine with nothing but Go: imitation CRMs,
// a Redis and a worker in this process, one full contact to each CRM, and then
// it keeps serving until ctx ends. What happens is told on out, logs go to logs.
func RunDemo(ctx context.Context, environ map[string]string, out, logs io.Writer) error {
	dir, err := os.MkdirTemp("", "ferry-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	world := sandbox.New(sandbox.Options{})
	imitations, err := serve("127.0.0.1:0", world, nil)
	if err != nil {
		return err
	}
	defer imitations.stop()
	c, err := demoConfig(environ, dir, imitations.addr, imitated(world))
	if err != nil {
		return err
	}
	s, err := start(ctx, c, logs)
	if err != nil {
		return err
	}
	defer s.stop()
	d := &demo{out: out, world: world, crms: s.house.crms.All(), client: newClient("http://"+s.api.addr, s.token.Reveal())}
	if err := d.tour(ctx); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	d.farewell()
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.api.failed:
		return err
	}
}

// imitated lists the CRMs that have both a connector and an imitation.
func imitated(world *sandbox.World) []string {
	var slugs []string
	for _, spec := range vendors.All() {
		if world.CRM(spec.ID) != nil {
			slugs = append(slugs, spec.ID)
		}
	}
	return slugs
}

// demoConfig is the caller's environment with everything that could reach out
// of this machine, or into its data, replaced.
func demoConfig(environ map[string]string, dir, imitations string, slugs []string) (config.Config, error) {
	env := maps.Clone(environ)
	delete(env, "FERRY_REDIS_URL")
	delete(env, "FERRY_MASTER_KEY")
	env["FERRY_DATA_DIR"] = dir
	env["FERRY_ALLOW_PRIVATE_TARGETS"] = "true"
	for _, slug := range slugs {
		name := "FERRY_CRM_BASE_URL_" + strings.ToUpper(strings.ReplaceAll(slug, "-", "_"))
		env[name] = "http://" + imitations + "/" + slug
	}
	if env["FERRY_LOG_LEVEL"] == "" {
		env["FERRY_LOG_LEVEL"] = "warn"
	}
	c, err := config.Load(env)
	if err != nil {
		return c, err
	}
	if host, _, _ := net.SplitHostPort(c.Addr); host != "127.0.0.1" && host != "::1" && host != "localhost" {
		return c, fmt.Errorf("FERRY_ADDR: the demo listens on the loopback address alone")
	}
	return c, nil
}

// demo is one tour.
type demo struct {
	out    io.Writer
	world  *sandbox.World
	crms   []*connector.Spec
	client *client
}

// tour connects an account of each CRM and sends one full contact to it.
func (d *demo) tour(ctx context.Context) error {
	fmt.Fprintf(d.out, "Ferry serves at %s, with imitations of %d CRMs behind it.\n\n", d.client.base, len(imitated(d.world)))
	table := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CRM\tACCEPTED\tJOB\tPATH\tREMOTE ID\tWARNINGS")
	for _, spec := range d.crms {
		if d.world.CRM(spec.ID) == nil {
			continue
		}
		if err := d.send(ctx, table, spec); err != nil {
			_ = table.Flush()
			return fmt.Errorf("%s: %w", spec.Name, err)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return d.bulk(ctx)
}

func (d *demo) send(ctx context.Context, table io.Writer, spec *connector.Spec) error {
	auth, settings := d.world.Connect(spec.ID, "demo", "")
	var acc struct{ ID string }
	_, err := d.client.call(ctx, "POST", "/integrated-accounts", map[string]any{
		"crm": spec.ID, "name": "demo", "auth": auth, "settings": settings,
	}, &acc)
	if err != nil {
		return err
	}
	var accepted demoJob
	status, err := d.client.call(ctx, "POST", "/unified/crm/contacts?"+demoQuery(spec, acc.ID, settings).Encode(), demoContact(spec), &accepted)
	if err != nil {
		return err
	}
	path, done := []string{accepted.Status}, accepted
	for !done.over() {
		if _, err := d.client.call(ctx, "GET", "/jobs/"+accepted.ID+"?wait=30", nil, &done); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	for range done.Timeline {
		path = append(path, "running")
	}
	path = append(path, done.Status)
	fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\n", spec.Name, status, done.ID, strings.Join(path, " > "), done.Result.ID, done.left())
	if done.Status != "succeeded" {
		return fmt.Errorf("job %s ended %s: %s %s", done.ID, done.Status, done.Error.Kind, done.Error.Message)
	}
	return nil
}

func demoQuery(spec *connector.Spec, account string, settings map[string]string) url.Values {
	q := url.Values{"integrated_account_id": {account}}
	if spec.Workspace != "" && settings[spec.Workspace] != "" {
		q.Set("workspace[id]", settings[spec.Workspace])
	}
	return q
}

// demoContact is a full contact for the CRM: what refers to records of the
// account (company, owner, custom fields) is sent where the CRM requires it.
func demoContact(spec *connector.Spec) map[string]any {
	c := map[string]any{
		"first_name": "Ada", "last_name": "Lovelace", "title": "Analyst",
		"description":     "Met at the engine demonstration",
		"email_addresses": []any{map[string]any{"email": "ada@example.com", "type": "work"}},
		"phone_numbers": []any{
			map[string]any{"number": "+44 20 7946 0018", "type": "work"},
			map[string]any{"number": "+44 7911 123456", "type": "mobile"},
		},
		"addresses": []any{map[string]any{
			"street_1": "12 St James's Square", "street_2": "Flat 2", "city": "London", "state": "London",
			"postal_code": "SW1Y 4JH", "country": "GB", "type": "work",
		}},
		"urls": []any{map[string]any{"url": "https://ada.example.com", "type": "website"}},
		"tags": []any{map[string]any{"name": "VIP"}},
	}
	for _, f := range spec.Fields.Requires {
		if reference, ok := demoReferences(spec.ID)[string(f)]; ok {
			c[string(f)] = map[string]any{"id": reference}
		}
	}
	return c
}

// demoReferences are records that the imitations have, for the CRMs that
// demand one.
func demoReferences(crm string) map[string]string {
	return map[string]map[string]string{
		"close":     {"account": "lead_abcdefghij1234567890"},
		"pipeliner": {"owner": "00000000-0000-0000-0000-000000008e97"},
		"planhat":   {"account": "5f1e9c2b7d3a4e6f8a9b0c1d"},
		"zoho-crm":  {"account": "4150868000000624001"},
	}[crm]
}

type demoJob struct {
	ID       string
	Status   string
	Result   struct{ ID string }
	Error    struct{ Kind, Message string }
	Warnings []struct{ Field string }
	Timeline []struct{ Then string }
}

func (j demoJob) over() bool {
	switch j.Status {
	case "succeeded", "failed", "unknown", "cancelled":
		return true
	default:
		return false
	}
}

// left names the fields that the CRM did not take.
func (j demoJob) left() string {
	var fields []string
	for _, w := range j.Warnings {
		fields = append(fields, w.Field)
	}
	if len(fields) == 0 {
		return "-"
	}
	return strings.Join(fields, ", ")
}

func (d *demo) farewell() {
	fmt.Fprintf(d.out, `
Every one of them went through API, Redis and worker to its CRM over HTTP.
It goes on serving; Ctrl-C ends it and forgets everything. Try:

  export TOKEN=%s
  curl -H "Authorization: Bearer $TOKEN" %s/jobs
  curl -H "Authorization: Bearer $TOKEN" %s/imports
  curl -H "Authorization: Bearer $TOKEN" %s/crms/hubspot
  open %s/docs
`, d.client.token, d.client.base, d.client.base, d.client.base, d.client.base)
}
