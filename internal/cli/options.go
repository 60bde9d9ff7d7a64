package cli

import (
	"cmp"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"mime"
	"net/url"
	"path/filepath"
	"strings"
)

const usage = `Imports a file of contacts into a CRM through a Ferry API.

  go run ./cmd/api import contacts.csv -account ID

The file is NDJSON, a JSON array, CSV or vCards, packed with gzip or not; - is the
standard input. The API is FERRY_URL, its token FERRY_API_TOKEN. The import goes on
when you leave with Ctrl-C. Exit code 1: not every row succeeded.

`

// options are what the user wants.
type options struct {
	file, media string
	failed      string // where the rows go that failed
	follow      string
	url, token  string
	key         string
	query       url.Values
}

// parse reads the command line; nil options: help was asked for.
func parse(args []string, environ map[string]string, out io.Writer) (*options, error) {
	o := &options{token: environ["FERRY_API_TOKEN"], query: url.Values{}}
	f := flag.NewFlagSet("import", flag.ContinueOnError)
	f.SetOutput(out)
	f.Usage = func() {
		fmt.Fprint(out, usage)
		f.PrintDefaults()
	}
	option := func(name, option, doc string) {
		f.Func(name, doc, func(v string) error { o.query.Set(option, v); return nil })
	}
	option("account", "integrated_account_id", "the integrated account to import into (FERRY_ACCOUNT)")
	option("on-duplicate", "on_duplicate", "fail, return_existing or update")
	option("on-invalid", "on_invalid", "skip or reject")
	option("on-changed", "on_changed", "fail or update")
	option("on-unknown-field", "on_unknown_field", "fail, warn or custom_field")
	option("max-failed", "max_failed", "pause when so many rows failed")
	option("stop-after", "stop_after", "pause after so many rows")
	option("start", "start", "auto or manual")
	option("delimiter", "delimiter", "what divides the columns of a CSV file")
	option("encoding", "encoding", "the encoding of the text")
	option("workspace", "workspace[id]", "the workspace to write into")
	f.Func("column", "Header=field, may be repeated: what a CSV column means", func(v string) error {
		header, field, ok := strings.Cut(v, "=")
		if !ok {
			return errors.New("must be written as Header=field")
		}
		o.query.Set("columns["+header+"]", field)
		return nil
	})
	f.StringVar(&o.media, "type", "", "the file's media type, where its name does not tell it")
	f.StringVar(&o.failed, "failed", "", "where the rows go that failed (default: beside the file)")
	f.StringVar(&o.follow, "follow", "", "follow an import instead of uploading a file")
	f.StringVar(&o.url, "url", cmp.Or(environ["FERRY_URL"], "http://127.0.0.1:8080"), "the API")
	f.StringVar(&o.key, "key", "", "the idempotency key of the upload (default: one of its own)")
	for rest := args; len(rest) > 0; { // flags may come after the file
		if err := f.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, nil
			}
			return nil, errors.New("see import -help")
		}
		if rest = f.Args(); len(rest) == 0 {
			break
		}
		if o.file != "" {
			return nil, errors.New("one file at a time")
		}
		o.file, rest = rest[0], rest[1:]
	}
	return o.complete(environ)
}

func (o *options) complete(environ map[string]string) (*options, error) {
	if o.token == "" {
		return nil, errors.New("FERRY_API_TOKEN is not set")
	}
	if o.url = strings.TrimSuffix(o.url, "/"); o.follow != "" {
		o.failed = cmp.Or(o.failed, o.follow+".failed")
		return o, nil
	}
	if o.file == "" {
		return nil, errors.New("which file? See import -help")
	}
	if account := environ["FERRY_ACCOUNT"]; account != "" && !o.query.Has("integrated_account_id") {
		o.query.Set("integrated_account_id", account)
	}
	if !o.query.Has("integrated_account_id") {
		return nil, errors.New("-account is missing")
	}
	if o.media == "" {
		o.media = mediaOf(o.file)
	}
	if o.media == "" {
		return nil, errors.New("what the file is cannot be told from its name; say so with -type, such as text/csv")
	}
	if o.key == "" {
		o.key = "cli-" + rand.Text()
	}
	o.failed = cmp.Or(o.failed, failedName(o.file))
	return o, nil
}

// mediaOf tells the media type by a file's name, "" where it does not tell.
func mediaOf(name string) string {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	switch filepath.Ext(name) {
	case ".ndjson", ".jsonl":
		return "application/x-ndjson"
	case ".json":
		return "application/json"
	case ".csv", ".txt":
		return "text/csv"
	case ".tsv":
		return "text/tab-separated-values"
	case ".vcf", ".vcard":
		return "text/vcard"
	default:
		media, _, _ := mime.ParseMediaType(mime.TypeByExtension(filepath.Ext(name)))
		return media
	}
}

// failedName is where the rows of a file go that failed.
func failedName(file string) string {
	if file == "-" {
		return "failed"
	}
	file = strings.TrimSuffix(file, ".gz")
	ext := filepath.Ext(file)
	return strings.TrimSuffix(file, ext) + ".failed" + ext
}
