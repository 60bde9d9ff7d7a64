package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// checkFile reads a file and answers with a report. It stores nothing.
func (s *server) checkFile(c *gin.Context) {
	if !s.allow(c, ScopeContactsWrite) {
		return
	}
	report, err := s.reportOn(c)
	if err != nil {
		s.refuse(c, asProblem(translate(err)))
		return
	}
	var body bytes.Buffer
	if err := writeJSON(&body, report); err != nil {
		s.refuse(c, asProblem(err))
		return
	}
	c.Data(http.StatusOK, jsonMedia, body.Bytes())
}

// reportOn refuses what the head of the request tells before it touches the
// body: a client that asked whether to send it then need not.
func (s *server) reportOn(c *gin.Context) (*importReport, error) {
	isForm, p := checkUpload(c.Request)
	if p != nil {
		return nil, p
	}
	query := c.Request.URL.Query()
	plan, err := s.planImport(c.Request.Context(), parseImportOptions(query))
	if err != nil {
		return nil, err
	}
	u, release := s.openUpload(c)
	defer release()
	report, err := s.readUpload(c, u, plan, isForm)
	if p := u.interrupted(); p != nil {
		return nil, p
	}
	return report, err
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
	if faults := slices.Concat(o.faults, f.faults); len(faults) > 0 {
		return nil, invalidRequest(faults...)
	}
	return &importPlan{o, acc, spec, f}, nil
}

func (s *server) readUpload(c *gin.Context, u *upload, plan *importPlan, isForm bool) (*importReport, error) {
	file, media, name, end := io.Reader(u), c.GetHeader("Content-Type"), "", func() error { return nil }
	if isForm {
		form, err := openForm(u, media)
		if err != nil {
			return nil, err
		}
		if plan, err = s.planImport(c.Request.Context(), parseImportOptions(withFields(c.Request.URL.Query(), form.Fields))); err != nil {
			return nil, err
		}
		file, media, name, end = form, form.MediaType, form.FileName, form.Finish
	}
	in, err := parse.Open(file, media, name, plan.options.file)
	if err != nil {
		return nil, fileProblem(err)
	}
	report, err := imports.Check(u.ctx, in, plan.fitting.verdict)
	if err == nil {
		err = end()
	}
	if err != nil {
		return nil, fileProblem(err)
	}
	return s.complete(c.Request.Context(), plan, report), nil
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
	asked := []imports.WarningCount{}
	for _, w := range slices.Concat(plan.options.warnings, plan.fitting.warnings) {
		asked = append(asked, imports.WarningCount{Field: w.Field, Code: w.Code, Message: w.Message})
	}
	r.Warnings = append(asked, r.Warnings...)
	out := &importReport{Valid: r.Rows.Invalid == 0, CRM: plan.spec.ID, AccountID: plan.account.ID, Report: *r}
	state, err := s.Pace.State(ctx, plan.account, plan.spec)
	if err != nil {
		exchangeOf(ctx).cause = err // the report is worth having all the same
		return out
	}
	out.Expected = new(r.Expect(plan.spec, state))
	return out
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
