package api

import (
	"cmp"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"crmferry/internal/contact"
	"crmferry/internal/imports"
	"crmferry/internal/imports/parse"
	"crmferry/internal/job"
)

// The names of options that imports alone have.
const (
	optionAccount      = "integrated_account_id"
	optionValidateOnly = "validate_only"
	optionColumns      = "columns"
	optionUnknown      = "on_unknown_field"
	optionInvalid      = "on_invalid"
	optionDelimiter    = "delimiter"
	optionEncoding     = "encoding"
	optionChanged      = "on_changed"
	optionMaxFailed    = "max_failed"
	optionStopAfter    = "stop_after"
	optionStart        = "start"
)

// importOptions are the options of an import.
type importOptions struct {
	options
	accountID string
	duplicate job.OnDuplicate
	file      parse.Options
	// onlyCheck: nothing is to be stored.
	onlyCheck bool
	base      imports.Base // as far as options decide it
}

// importOptionNames lists the options that take one value.
func importOptionNames() []string {
	return []string{
		optionAccount, optionValidateOnly, optionUnknown, optionInvalid, optionDelimiter, optionEncoding,
		optionWorkspace, optionDuplicate, optionChanged, optionMaxFailed, optionStopAfter, optionStart, optionExpires, optionCallback,
	}
}

// parseImportOptions reads the query, and the fields of a form that come before
// its file.
func parseImportOptions(values url.Values) importOptions {
	o := importOptions{file: parse.Options{Columns: map[string]string{}}}
	o.lifetime = maxLifetime
	for _, name := range sortedNames(values) {
		header, isColumn := strings.CutPrefix(name, optionColumns+"[")
		switch {
		case !isColumn && !slices.Contains(importOptionNames(), name):
			o.ignore(name)
		case len(values[name]) > 1:
			o.fault(shownOption(name), codeRepeated, "may be given once")
		case isColumn:
			o.column(name, header, values[name][0])
		default:
			o.one(name, values[name][0])
		}
	}
	if _, there := values[optionAccount]; !there {
		o.fault(optionAccount, codeRequired, "is required")
	}
	return o
}

// tellsHowToRead says whether an option is needed to read the file's rows again.
func tellsHowToRead(name string) bool {
	return slices.Contains([]string{optionUnknown, optionDelimiter, optionEncoding}, name) || strings.HasPrefix(name, optionColumns+"[")
}

// meaning writes what the options say of what is to become of a file that was
// understood so. What is said by leaving it out is the same as said in words.
func (o *importOptions) meaning(w io.Writer, m parse.Mapping) error {
	_, _ = io.WriteString(w, "\x00") // no text has it
	b := o.base
	return json.NewEncoder(w).Encode(struct {
		Format, Encoding, Delimiter string
		Columns                     map[string]string
		Unknown, Workspace          string
		Duplicate, Invalid, Changed string
		MaxFailed                   *int
		StopAfter                   int
		Manual                      bool
	}{
		string(m.Format), m.Encoding, m.Delimiter, o.file.Columns, string(o.file.Unknown), o.workspace,
		cmp.Or(string(o.duplicate), "fail"), cmp.Or(string(b.OnInvalid), string(imports.SkipInvalid)),
		cmp.Or(string(b.OnChanged), string(imports.ChangedFails)), b.MaxFailed, b.StopAfter, b.Manual,
	})
}

func (o *importOptions) one(name, value string) {
	switch name {
	case optionAccount:
		o.account(value)
	case optionValidateOnly:
		o.validateOnly(value)
	case optionDelimiter:
		o.delimiter(value)
	case optionEncoding:
		o.encoding(value)
	case optionWorkspace, optionExpires, optionCallback:
		o.single(name, value)
	case optionUnknown:
		o.file.Unknown = contact.UnknownFields(o.choice(name, value, "fail", "warn", "custom_field"))
	case optionDuplicate:
		o.duplicate = job.OnDuplicate(o.choice(name, value, "fail", "return_existing", "update"))
	case optionInvalid:
		o.base.OnInvalid = imports.OnInvalid(o.choice(name, value, string(imports.SkipInvalid), string(imports.RejectInvalid)))
	case optionChanged:
		o.base.OnChanged = imports.OnChanged(o.choice(name, value, string(imports.ChangedFails), string(imports.ChangedUpdate)))
	case optionStart:
		o.base.Manual = o.choice(name, value, "auto", "manual") == "manual"
	case optionMaxFailed:
		if n, ok := o.count(name, value, 0); ok {
			o.base.MaxFailed = &n
		}
	case optionStopAfter:
		o.base.StopAfter, _ = o.count(name, value, 1)
	}
}

// count reads a number of rows.
func (o *importOptions) count(name, value string, least int) (int, bool) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || int(n) < least {
		o.fault(name, contact.CodeWrongType, "must be a number of rows from "+strconv.Itoa(least))
		return 0, false
	}
	return int(n), true
}

// shownOption is an option's name as a pointer repeats it: the header in it
// comes from the caller.
func shownOption(name string) string {
	if len(name) > maxOptionName || strings.ContainsFunc(name, unicode.IsControl) {
		return optionColumns
	}
	return name
}

func (o *importOptions) account(value string) {
	const length = 36 // the package takes other ways of writing as well
	if len(value) != length || uuid.Validate(value) != nil {
		o.fault(optionAccount, contact.CodeInvalidID, "must be a UUID")
		return
	}
	o.accountID = value
}

func (o *importOptions) validateOnly(value string) {
	only, err := strconv.ParseBool(value)
	if err != nil {
		o.fault(optionValidateOnly, contact.CodeWrongType, "must be true or false")
	}
	o.onlyCheck = only
}

func (o *importOptions) column(name, header, field string) {
	header, closed := strings.CutSuffix(header, "]")
	field = strings.TrimSpace(field)
	if !closed || strings.TrimSpace(header) == "" {
		o.fault(optionColumns, codeMalformed, "must be written as columns[Header]=field")
		return
	}
	if fault := parse.FieldFault(field); fault != "" {
		o.fault(shownOption(name), contact.CodeUnknownField, fault)
		return
	}
	o.file.Columns[header] = field
}

func (o *importOptions) delimiter(value string) {
	if value == "tab" || value == `\t` {
		value = "\t"
	}
	if len(value) != 1 || value[0] >= 0x7f || value[0] < ' ' && value[0] != '\t' || value[0] == '"' ||
		unicode.IsLetter(rune(value[0])) || unicode.IsDigit(rune(value[0])) {
		o.fault(optionDelimiter, codeInvalid, "must be one ASCII character that is no letter, digit or quote; tab for a tab")
		return
	}
	o.file.Delimiter = value[0]
}

func (o *importOptions) encoding(value string) {
	if !parse.KnownEncoding(value) {
		o.fault(optionEncoding, codeInvalid, "is no name of the WHATWG list, such as utf-8 or windows-1252")
		return
	}
	o.file.Encoding = value
}

func (o *importOptions) choice(name, value string, list ...string) string {
	if slices.Contains(list, value) {
		return value
	}
	o.fault(name, codeInvalid, "must be one of "+strings.Join(list, ", "))
	return ""
}

const formMedia = "multipart/form-data"

// checkUpload tells whether an upload can be one by its headers, and whether it
// is a form.
func checkUpload(r *http.Request) (form bool, p *Problem) {
	coding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if !slices.Contains([]string{"", "identity", "gzip", "x-gzip"}, coding) {
		return false, problem(problemMediaType, "A file may be packed with gzip alone.").with("Accept-Encoding", "gzip")
	}
	if r.ContentLength > maxUpload {
		return false, uploadTooLarge()
	}
	header := r.Header.Get("Content-Type")
	if media, _, _ := mime.ParseMediaType(header); media == formMedia {
		return true, nil
	}
	if _, _, err := parse.FormatOf(header, ""); err != nil {
		return false, unsupportedFile()
	}
	return false, nil
}

func unsupportedFile() *Problem {
	return problem(problemMediaType, "A file must be sent as "+strings.Join(importMedia(), ", ")+".").
		with("Accept-Post", strings.Join(importMedia(), ", "))
}

// importMedia lists the media types that documents name.
func importMedia() []string {
	return []string{parse.NDJSON.MediaType(), parse.JSON.MediaType(), parse.CSV.MediaType(), parse.VCard.MediaType(), formMedia}
}
