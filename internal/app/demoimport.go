package app

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"crmferry/internal/cli"
)

// demoRows is how many contacts the demo's file holds.
const demoRows = 5_000

// bulk imports a CSV file as a user does from the command line.
func (d *demo) bulk(ctx context.Context) error {
	auth, settings := d.world.Connect("hubspot", "bulk", "")
	var acc struct{ ID string }
	_, err := d.client.call(ctx, "POST", "/integrated-accounts", map[string]any{"crm": "hubspot", "name": "bulk", "auth": auth, "settings": settings}, &acc)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nA CSV file of %d contacts, imported from the command line (import - -type text/csv -account %s):\n", demoRows, acc.ID)
	streams := cli.Terminal()
	streams.In, streams.Out, streams.Err = demoFile(demoRows), io.Discard, d.out
	code := cli.Import(ctx, []string{"-", "-type", "text/csv", "-account", acc.ID},
		map[string]string{"FERRY_URL": d.client.base, "FERRY_API_TOKEN": d.client.token}, streams)
	if code != cli.OK {
		return fmt.Errorf("the import ended with exit code %d", code)
	}
	fmt.Fprintf(d.out, "They went to HubSpot in %d calls, at its pace of 90 in 10 s.\n", len(d.world.CRM("hubspot").Requests("bulk")))
	return nil
}

func demoFile(rows int) io.Reader {
	var b bytes.Buffer
	b.WriteString("First Name,Last Name,Job Title,E-mail 1 - Value,Phone 1 - Value\n")
	for i := range rows {
		fmt.Fprintf(&b, "Grace,Hopper %d,Rear admiral,grace.%d@example.com,+1 202 555 %04d\n", i, i, i%10_000)
	}
	return &b
}
