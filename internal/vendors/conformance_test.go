package vendors_test

import (
	"io/fs"
	"os"
	"testing"

	"crmferry/internal/connector/connectortest"
	"crmferry/internal/vendors"
)

func testdata(id string) fs.FS { return os.DirFS(folder(id) + "/testdata") }

// TestMatrix sums up the support of fields; each connector's own part of the
// matrix is held in TestConnectors.
func TestMatrix(t *testing.T) {
	t.Parallel()
	n, err := connectortest.Count(vendors.All())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("of %d cells of requests and %d of responses %d are supported and %d waived; beyond them %d are written and %d given back",
		n.Request, n.Response, n.Supported, n.Waived, n.BeyondRequest, n.BeyondResponse)
	if n.Request != 211 || n.Response != 253 {
		t.Errorf("%d cells of requests and %d of responses; the matrix has 211 and 253", n.Request, n.Response)
	}
	if n.Supported+n.Waived != n.Request+n.Response || n.Waived != fieldWaivers() {
		t.Errorf("%d cells are not supported, and %d waived", n.Waived, fieldWaivers())
	}
	connectortest.CheckWaivers(t, vendors.All())
}

// fieldWaivers is how many cells of the matrix are waived.
func fieldWaivers() int {
	n := 0
	for _, w := range connectortest.Waivers() {
		if w.OfMatrix() {
			n++
		}
	}
	return n
}

// FuzzDecode hands every connector answers of any kind.
func FuzzDecode(f *testing.F) { connectortest.Fuzz(f, vendors.All(), testdata) }
