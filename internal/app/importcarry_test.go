package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/contact"
	"crmferry/internal/imports"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/sandbox"
	"crmferry/internal/store"
)

// TestCarryImport carries a stored import across to CRMs with and without
// batches.
func TestCarryImport(t *testing.T) {
	for _, crm := range []string{"hubspot", "salesforce", "zoho-crm", "pipedrive", "close"} {
		t.Run(crm, func(t *testing.T) {
			world := sandbox.New(sandbox.Options{Unlimited: true})
			server := httptest.NewServer(world)
			t.Cleanup(server.Close)
			db := redistest.Client(t)
			s := startOn(t, db, server.URL, imitated(world))
			t.Cleanup(s.stop)
			const rows = 30000
			id := storeImport(t, s, db, world, crm, rows)
			w, err := s.house.startWorker()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(w.stop)
			begun := time.Now()
			if err := s.house.starter().Start(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			var i imports.Import
			for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				if i, err = s.house.imports.Load(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				if i.Status.Terminal() {
					break
				}
			}
			took := time.Since(begun)
			t.Logf("%s: %s %+v in %s: %.0f rows/s; %d in CRM", crm, i.Status, i.Counts, took, rows/took.Seconds(), world.CRM(crm).Count("main"))
			if i.Counts.Succeeded != rows {
				t.Error(db.HGetAll(context.Background(), "ferry:1:{i"+id[4:]+"}:out:0").Val()["0"], db.LRange(context.Background(), "ferry:1:{i"+id[4:]+"}:sizes", 0, -1).Val())
			}
		})
	}
}

func storeImport(t testing.TB, s *service, db *redis.Client, world *sandbox.World, crm string, n int) string {
	t.Helper()
	c := newClient("http://"+s.api.addr, s.token.Reveal())
	auth, settings := world.Connect(crm, "main", "")
	var made struct{ ID string }
	if _, err := c.call(t.Context(), "POST", "/integrated-accounts", map[string]any{"crm": crm, "auth": auth, "settings": settings, "limits": unhindered()}, &made); err != nil {
		t.Fatal(err)
	}
	id := store.NewImportID()
	tag := "ferry:1:{i" + id[4:] + "}:"
	codec := imports.NewCodec()
	var rows []imports.Row
	blocks := 0
	for k := range n {
		in := contact.Input{Contact: contact.Contact{FirstName: "Ada", LastName: fmt.Sprint("Lovelace", k), Name: fmt.Sprint("Ada Lovelace", k), EmailAddresses: []contact.Email{{Email: fmt.Sprintf("ada%d@example.com", k)}}}}
		rows = append(rows, imports.Row{Line: k + 1, Raw: "x", Input: in})
		if len(rows) == 1000 || k == n-1 {
			packed, err := imports.Pack(codec, rows)
			if err != nil {
				t.Fatal(err)
			}
			db.Set(t.Context(), fmt.Sprint(tag, "block:", blocks), packed, 0)
			db.RPush(t.Context(), tag+"sizes", len(rows))
			blocks++
			rows = nil
		}
	}
	base, _ := json.Marshal(imports.Base{ID: id, Tenant: "default", AccountID: made.ID, CRM: crm, CreatedAt: time.Now().UTC(), ExpiresAt: time.Now().Add(time.Hour).UTC(), Budget: made.ID})
	content, _ := json.Marshal(imports.Content{Blocks: blocks, Rows: n})
	db.HSet(t.Context(), tag+"import", "v", 1, "t", "default", "s", "running", "base", base, "content", content, "gen", 1)
	db.ZAdd(t.Context(), "ferry:1:imports", redis.Z{Score: float64(time.Now().UnixMilli()), Member: id})
	return id
}
