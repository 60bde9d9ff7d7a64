package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/imports"
	"crmferry/internal/imports/parse"
)

const importsPath = contactsPath + "/imports"

// importReport is the report of a checked file.
type importReport struct {
	Valid     bool   `json:"valid" doc:"Whether every row would be accepted"`
	CRM       string `json:"crm"`
	AccountID string `json:"integrated_account_id"`
	imports.Report
	Expected *imports.Expected `json:"expected,omitempty" doc:"What carrying out the valid rows would take; absent where the account's pace cannot be told now"`
}

// postImport takes a file in, or, with validate_only, answers with a report and
// stores nothing.
func (s *server) postImport(c *gin.Context) {
	if !s.allow(c, ScopeContactsWrite) {
		return
	}
	answer, err := s.takeFile(c)
	if err != nil {
		s.refuse(c, asProblem(translate(err)))
		return
	}
	var body bytes.Buffer
	if err := writeJSON(&body, answer.body); err != nil {
		s.refuse(c, asProblem(err))
		return
	}
	for name, value := range answer.header {
		c.Header(name, value)
	}
	c.Data(answer.status, jsonMedia, body.Bytes())
}

// fileAnswer is the answer to a file that was taken.
type fileAnswer struct {
	status int
	header map[string]string
	body   any
}

// takeFile refuses what the head of the request tells before it touches the
// body: a client that asked whether to send it then need not.
func (s *server) takeFile(c *gin.Context) (*fileAnswer, error) {
	isForm, p := checkUpload(c.Request)
	if p != nil {
		return nil, p
	}
	key, p := idempotencyKey(c.Request.Header.Values(idempotencyHeader))
	if p != nil {
		return nil, p
	}
	plan, err := s.planImport(c.Request.Context(), parseImportOptions(c.Request.URL.Query()))
	if err != nil {
		return nil, err
	}
	if !plan.options.onlyCheck {
		if err := s.Imports.Expect(c.Request.Context(), principalOf(c.Request.Context()).Tenant, plan.account.ID, key); err != nil {
			return nil, importProblem(err, imports.Import{})
		}
	}
	u, release := s.openUpload(c)
	defer release()
	f, err := s.openFile(c, u, plan, isForm)
	var answer *fileAnswer
	switch {
	case err != nil:
	case f.plan.options.onlyCheck:
		answer, err = s.checkFile(c.Request.Context(), f)
	default:
		answer, err = s.importFile(u.ctx, f, key)
	}
	if p := u.interrupted(); err != nil && p != nil {
		return nil, p
	}
	return answer, err
}

// checkFile reads a file to its end and stores nothing.
func (s *server) checkFile(ctx context.Context, f *file) (*fileAnswer, error) {
	report, err := imports.Check(f.upload.ctx, f.reader, f.plan.fitting.verdict)
	if err == nil {
		err = f.end()
	}
	if err != nil {
		return nil, fileProblem(err)
	}
	return &fileAnswer{status: http.StatusOK, body: s.complete(ctx, f.plan, report)}, nil
}

// importFile stores a file and has it carried out.
func (s *server) importFile(ctx context.Context, f *file, key string) (*fileAnswer, error) {
	principal, now := principalOf(ctx), s.now()
	b := f.plan.options.base
	b.Tenant, b.AccountID, b.CRM = principal.Tenant, f.plan.account.ID, f.plan.spec.ID
	b.CreatedAt, b.ExpiresAt, b.CreatedBy = now, now.Add(f.plan.options.lifetime), principal.Name
	b.CallbackURL = f.plan.options.callback
	b.Workspace, b.OnDuplicate, b.FileOptions = f.plan.fitting.workspace, f.plan.options.duplicate, f.given
	limits := f.plan.spec.Limits.With(f.plan.account.Pace())
	b.Budget = limits.Budget(f.plan.spec.ID, f.plan.account.ID, f.plan.account.App)
	i, replayed, err := s.Imports.Receive(ctx, imports.Upload{
		Base: b, Source: f.reader, Check: f.plan.fitting.verdict, Warnings: f.plan.warnings(), End: f.digest, Key: key, Stop: f.upload.stop,
	})
	if err != nil {
		return nil, importProblem(err, i)
	}
	answer := &fileAnswer{status: http.StatusAccepted, header: map[string]string{
		"Location": importsRoot + "/" + i.ID, "Retry-After": "1",
	}}
	if replayed {
		answer.header[replayedHeader] = "true"
	}
	v := importOf(i)
	if i.Status == imports.Ready {
		v.Report = s.startReport(ctx, f.plan, i.Report)
	}
	answer.body = v
	return answer, nil
}

// importProblem is the problem of a file that was not taken.
func importProblem(err error, i imports.Import) error {
	switch {
	case errors.Is(err, imports.ErrBusy):
		return problem(problemConflict, "The first upload with this Idempotency-Key is still under way.").with("Retry-After", "5")
	case errors.Is(err, imports.ErrInvalidRows):
		p := invalidRequest()
		p.Detail = "The file has invalid rows, and on_invalid is reject. Nothing was stored."
		for _, e := range i.Report.Errors {
			p.Errors = append(p.Errors, FieldProblem{Pointer: e.Pointer, Code: e.Code, Message: e.Message, Line: e.Line})
		}
		return p
	default:
		return fileProblem(err)
	}
}

// importPlan is an import whose options are known to be right.
type importPlan struct {
	options importOptions
	account account.Account
	spec    *connector.Spec
	fitting *fitting
}

func (s *server) planImport(ctx context.Context, o importOptions) (*importPlan, error) {
	if o.accountID == "" {
		return nil, invalidRequest(o.faults...)
	}
	acc, spec, err := s.Accounts.Describe(ctx, principalOf(ctx).Tenant, o.accountID)
	if err != nil {
		return nil, err
	}
	f := newFitting(acc, spec, o.workspace, o.duplicate, s.formats)
	if o.base.OnChanged == imports.ChangedUpdate && spec.Update == nil {
		f.fault("query."+optionChanged, codeUnsupported, spec.Name+" has no way to change a contact")
	}
	if err := s.checkCallback(ctx, &o.options); err != nil {
		return nil, err
	}
	if faults := slices.Concat(o.faults, f.faults); len(faults) > 0 {
		return nil, invalidRequest(faults...)
	}
	return &importPlan{o, acc, spec, f}, nil
}

// file is an upload that has come as far as its first row.
type file struct {
	upload *upload
	plan   *importPlan
	reader *parse.Reader
	end    func() error
	sum    hash.Hash
	given  map[string]string
}

// digest completes the reading, and names the content of the file with what is
// to become of it. How it was packed is not part of it, nor how long it may take.
func (f *file) digest() (string, error) {
	if err := f.end(); err != nil {
		return "", err
	}
	if err := f.plan.options.meaning(f.sum, f.reader.Mapping()); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(f.sum.Sum(nil)), nil
}

func (s *server) openFile(c *gin.Context, u *upload, plan *importPlan, isForm bool) (*file, error) {
	f := &file{upload: u, plan: plan, end: func() error { return nil }, sum: sha256.New()}
	body, media, name, values := io.Reader(u), c.GetHeader("Content-Type"), "", c.Request.URL.Query()
	if isForm {
		form, err := openForm(u, media)
		if err != nil {
			return nil, err
		}
		values = withFields(values, form.Fields)
		if f.plan, err = s.planImport(c.Request.Context(), parseImportOptions(values)); err != nil {
			return nil, err
		}
		body, media, name, f.end = form, form.MediaType, form.FileName, form.Finish
	}
	f.given = map[string]string{}
	for name, v := range values {
		if tellsHowToRead(name) {
			f.given[name] = v[0]
		}
	}
	options := f.plan.options.file
	options.Tee = f.sum
	var err error
	if f.reader, err = parse.Open(body, media, name, options); err != nil {
		return nil, fileProblem(err)
	}
	return f, nil
}

func openForm(u *upload, media string) (*parse.Upload, error) {
	body, err := parse.Unpacked(u, parse.Options{})
	if err != nil {
		return nil, fileProblem(err)
	}
	form, err := parse.FilePart(body, media)
	if err != nil {
		return nil, fileProblem(err)
	}
	return form, nil
}

// withFields adds a form's fields to the query. What decided whether the form
// was read at all cannot be said in it.
func withFields(query, fields url.Values) url.Values {
	for name, values := range fields {
		if name == optionAccount || name == optionValidateOnly {
			name = "form." + name // an unknown one, which is warned of
		}
		query[name] = append(query[name], values...)
	}
	return query
}

// verdict is check as a file's rows are held against it.
func (f *fitting) verdict(in contact.Input) imports.Verdict {
	faults, warnings := f.check(in)
	v := imports.Verdict{Warnings: warnings, LookUp: f.looksFirst(in)}
	for _, one := range faults {
		v.Problems = append(v.Problems, contact.Problem{Pointer: one.Pointer, Code: one.Code, Message: one.Message})
	}
	return v
}

// looksFirst says whether the CRM is asked for the person before a create, as
// the job's runner does it: where a unique field makes the CRM refuse a second
// record, the create itself is the question.
func (f *fitting) looksFirst(in contact.Input) bool {
	if f.fails() || !f.findable(in) {
		return false
	}
	i := f.spec.Idempotency
	unique := i.Kind == connector.UniqueField && (i.By == "" || slices.Contains(in.Present(), i.By)) &&
		(i.Applies == nil || i.Applies(f.call(in)))
	return !unique
}

// complete adds what the request and the account tell.
func (s *server) complete(ctx context.Context, plan *importPlan, r *imports.Report) *importReport {
	r.Warnings = append(plan.warnings(), r.Warnings...)
	full := s.startReport(ctx, plan, r)
	return &importReport{Valid: r.Rows.Invalid == 0, CRM: plan.spec.ID, AccountID: plan.account.ID, Report: *r, Expected: full.Expected}
}

// warnings are those of the request.
func (p *importPlan) warnings() []imports.WarningCount {
	asked := []imports.WarningCount{}
	for _, w := range slices.Concat(p.options.warnings, p.fitting.warnings) {
		asked = append(asked, imports.WarningCount{Field: w.Field, Code: w.Code, Message: w.Message})
	}
	return asked
}

// startReport adds what the account's pace makes of it.
func (s *server) startReport(ctx context.Context, plan *importPlan, r *imports.Report) *startReport {
	state, err := s.Pace.State(ctx, plan.account, plan.spec)
	if err != nil {
		exchangeOf(ctx).cause = err // the report is worth having all the same
		return &startReport{Report: *r}
	}
	return &startReport{Report: *r, Expected: new(r.Expect(plan.spec, state))}
}

// fileProblem is the problem of a file that could not be read to its end.
func fileProblem(err error) error {
	var file *parse.Error
	if !errors.As(err, &file) {
		return err
	}
	fault := FieldProblem{Code: file.Code, Message: file.Message, Line: file.Line}
	if file.Code == parse.CodeMalformedJSON && file.Offset > 0 {
		fault.Message += fmt.Sprintf(" That is byte %d of the text.", file.Offset+1)
	}
	switch file.Code {
	case parse.CodeUnsupportedMedia:
		return unsupportedFile()
	case parse.CodeTruncated, parse.CodeMalformedForm:
		return problem(problemMalformed, file.Message, fault).because(err)
	case parse.CodeGzipBomb:
		return problem(problemTooLarge, file.Message, fault)
	case parse.CodeBadMapping:
		fault.Pointer = "query." + optionColumns
		return invalidRequest(fault)
	default:
		return problem(problemFile, file.Message, fault)
	}
}
