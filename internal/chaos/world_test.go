package chaos

import (
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// crmTimeout is the programs' longest exchange with a CRM.
const crmTimeout = 2 * time.Second

// account is the name that the imitations know the test's account by.
const account = "chaos"

func TestMain(m *testing.M) { os.Exit(fleet.Main(m)) }

// world is an installation with a network that can be broken.
type world struct {
	*fleet.Fleet
	net   *network
	kinds []kind
	ids   map[string]string // of the integrated accounts, by CRM
}

func newWorld(t *testing.T, kinds []kind) *world {
	t.Helper()
	w := &world{kinds: kinds, ids: map[string]string{}}
	w.Fleet = fleet.Launch(t, fleet.Options{
		Options: sandbox.Options{Unlimited: true},
		// A kill of Redis may come at any moment: with everysec it answers
		// before it writes when the disk is busy.
		Redis: []string{"appendfsync always"},
		Env:   []string{"FERRY_CRM_TIMEOUT=" + crmTimeout.String()},
		Serve: func(all *sandbox.World) func(string) string {
			server := httptest.NewServer(all)
			t.Cleanup(server.Close)
			w.net = newNetwork(t, server.Listener.Addr().String(), kinds)
			return func(slug string) string { return "http://" + w.net.addr(slug) + "/" + slug }
		},
	})
	w.connect()
	return w
}

// connect makes an integrated account at each CRM.
func (w *world) connect() {
	for _, k := range w.kinds {
		w.crm(k).SetIndexLag(k.lag)
		k.blindfold(w.crm(k))
		w.ids[k.crm] = w.Connect(k.crm, account, k.settings...)
	}
}

func (w *world) crm(k kind) *kit.CRM { return w.World.CRM(k.crm) }
