package parse

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// benchmarks are uploads of rows of about 400 bytes.
var benchmarks = map[string]struct {
	media, begin, end string
	row               func(i int) string
}{
	"ndjson":         {ndjsonMedia, "", "", func(i int) string { return jsonRow(i) + "\n" }},
	"json":           {jsonMedia, "[", "{\"name\":\"Last\"}]", func(i int) string { return jsonRow(i) + ",\n" }},
	"csv":            {csvMedia, csvHeader, "", csvRow},
	"vcard":          {vcardMedia, "", "", cardRow},
	"invalid ndjson": {ndjsonMedia, "", "", func(i int) string { return jsonRow(i)[1:] + "\n" }},
	"invalid csv":    {csvMedia, csvHeader, "", func(i int) string { return strings.Replace(csvRow(i), "@", " at ", 1) }},
}

const csvHeader = "First Name,Middle Name,Last Name,Organization Name,Organization Title,Birthday,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value," +
	"Phone 1 - Label,Phone 1 - Value,Address 1 - Label,Address 1 - Street,Address 1 - City,Address 1 - Region,Address 1 - Postal Code,Address 1 - Country\n"

var note = strings.Repeat("met at the fair, ", 10)

func jsonRow(i int) string {
	return fmt.Sprintf(`{"client_ref":"r%d","first_name":"Ada","last_name":"Lovelace %d","title":"Mathematician","description":%q,`+
		`"email_addresses":[{"email":"ada%d@example.com","type":"work"}],"phone_numbers":[{"number":"+44 7700 9%05d","type":"mobile"}],"tags":["a","b"]}`, i, i, note, i, i%100_000)
}

func csvRow(i int) string {
	return fmt.Sprintf("Ada,,Lovelace %d,\"Analytical Engines, Ltd.\",Mathematician,,%q,* myContacts ::: VIP,* Work,ada%d@example.com,"+
		"Mobile,+44 7700 9%05d,Home,12 Hill Road,London,,W1A 1AA,GB\n", i, note, i, i%100_000)
}

func cardRow(i int) string {
	return fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lovelace %d;Ada;;;\r\nFN:Ada Lovelace %d\r\nORG:Analytical Engines\\, Ltd.\r\nTITLE:Mathematician\r\n"+
		"EMAIL;TYPE=WORK:ada%d@example.com\r\nTEL;TYPE=CELL:+44 7700 9%05d\r\nNOTE:%s\r\nEND:VCARD\r\n", i, i, i, i%100_000, strings.ReplaceAll(note, ",", `\,`))
}

// BenchmarkParse reports rows per second, and how much the heap holds at most:
// with -benchtime=1000000x a million rows.
func BenchmarkParse(b *testing.B) {
	for name, c := range benchmarks {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.row(1_000))))
			// Rows are made beforehand: making them is not what is measured.
			var some [64]string
			for i := range some {
				some[i] = c.row(i)
			}
			in, err := Open(generated(c.begin, b.N, func(i int) string { return some[i%len(some)] }, c.end), c.media, "", Options{})
			if err != nil {
				b.Fatal(err)
			}
			var most uint64
			n := 0
			b.ResetTimer()
			for _, err := range in.Rows() {
				if err != nil && err != io.EOF {
					b.Fatal(err)
				}
				if n++; n%100_000 == 0 {
					var now runtime.MemStats
					runtime.ReadMemStats(&now)
					most = max(most, now.HeapInuse)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(most>>20), "MiB-heap")
			if n < b.N {
				b.Errorf("%d rows of %d", n, b.N)
			}
		})
	}
}
