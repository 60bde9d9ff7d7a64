package api

import (
	"regexp"
	"slices"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/job"
)

// fitting is what a CRM, an account and the options of a request make of any
// contact. What is the same for all contacts is settled once.
type fitting struct {
	spec      *connector.Spec
	choice    job.OnDuplicate
	workspace string
	settings  connector.Settings
	finders   []connector.Finder
	// mustFind: each contact needs a look-up, as the CRM itself refuses nothing.
	mustFind bool
	// faults and warnings are about the request itself.
	faults   []FieldProblem
	warnings []contact.Warning
}

func newFitting(acc account.Account, spec *connector.Spec, workspace string, choice job.OnDuplicate, patterns formats) *fitting {
	f := &fitting{spec: spec, choice: choice, finders: finders(spec)}
	f.settleWorkspace(acc, workspace, patterns)
	f.settings = f.settled(acc)
	f.settleDuplicates()
	return f
}

func (f *fitting) fault(pointer, code, message string) {
	f.faults = append(f.faults, FieldProblem{Pointer: pointer, Code: code, Message: message})
}

// settleWorkspace finds the value of the setting that workspace[id] overrides.
func (f *fitting) settleWorkspace(acc account.Account, asked string, patterns formats) {
	const pointer = "query." + optionWorkspace
	if f.spec.Workspace == "" {
		if asked != "" {
			f.warnings = append(f.warnings, contact.Warning{Field: pointer, Code: contact.CodeIgnored,
				Message: f.spec.Name + " has no workspaces; it was left aside"})
		}
		return
	}
	i := slices.IndexFunc(f.spec.Settings, func(s connector.Setting) bool { return s.Key == f.spec.Workspace })
	if i < 0 {
		f.workspace = asked
		return
	}
	setting := f.spec.Settings[i]
	if asked == "" {
		if setting.Required && setting.Default == "" && acc.Settings[setting.Key] == "" {
			f.fault(pointer, codeRequired, "is required by "+f.spec.Name+", as the account has no setting "+setting.Key)
		}
		return
	}
	if setting.Clean != nil {
		asked = setting.Clean(asked)
	}
	if !patterns.match(f.spec.ID, asked) {
		f.fault(pointer, codeFormat, "is no "+setting.Key+" of "+f.spec.Name)
		return
	}
	f.workspace = asked
}

// settled are the account's settings, with defaults and the workspace filled in.
func (f *fitting) settled(acc account.Account) connector.Settings {
	out := connector.Settings{}
	for _, s := range f.spec.Settings {
		if v := acc.Settings[s.Key]; v != "" {
			out[s.Key] = v
		} else if s.Default != "" {
			out[s.Key] = s.Default
		}
	}
	if f.spec.Workspace != "" && f.workspace != "" {
		out[f.spec.Workspace] = f.workspace
	}
	return out
}

// settleDuplicates refuses what the CRM can do about no existing record at all.
func (f *fitting) settleDuplicates() {
	const pointer = "query." + optionDuplicate
	switch {
	case f.fails():
	case f.choice == job.UpdateDuplicate && f.spec.Update == nil:
		f.fault(pointer, codeUnsupported, f.spec.Name+" contacts cannot be updated through their API")
	case f.spec.Duplicates.Detection != connector.DetectNative && len(f.finders) == 0:
		f.fault(pointer, codeUnsupported, f.spec.Name+" offers no way to find an existing contact")
	default:
		f.mustFind = f.spec.Duplicates.Detection != connector.DetectNative
	}
}

// fails: an existing record is an error, and so need not be found.
func (f *fitting) fails() bool { return f.choice == "" || f.choice == job.DuplicateFails }

// check holds a contact against everything that the CRM demands of one.
func (f *fitting) check(in contact.Input) (faults []FieldProblem, warnings []contact.Warning) {
	for _, field := range f.spec.Missing(in, f.settings) {
		faults = append(faults, FieldProblem{Pointer: "/" + string(field), Code: codeRequired, Message: "is required by " + f.spec.Name})
	}
	if f.mustFind && !f.findable(in) {
		faults = append(faults, FieldProblem{Pointer: "query." + optionDuplicate, Code: codeUnsupported,
			Message: f.spec.Name + " offers no look-up for what this contact holds"})
	}
	return faults, f.spec.Unsupported(in)
}

// findable says whether the CRM can be asked for a record of this person.
func (f *fitting) findable(in contact.Input) bool {
	call, present := f.call(in), in.Present()
	return slices.ContainsFunc(f.finders, func(by connector.Finder) bool {
		return slices.Contains(present, by.By) && (by.Applies == nil || by.Applies(call))
	})
}

func (f *fitting) call(in contact.Input) *connector.Call {
	in.Workspace = f.workspace
	return &connector.Call{Settings: f.settings, Input: in}
}

// finders are the look-ups that find a person; others find our work alone.
func finders(spec *connector.Spec) []connector.Finder {
	var out []connector.Finder
	for _, f := range spec.Find {
		if f.Person() {
			out = append(out, f)
		}
	}
	return out
}

// choices lists what can be done about an existing record in a CRM.
func choices(spec *connector.Spec) []job.OnDuplicate {
	out := []job.OnDuplicate{job.DuplicateFails}
	if spec.Duplicates.Detection != connector.DetectNative && len(finders(spec)) == 0 {
		return out
	}
	out = append(out, job.ReturnExisting)
	if spec.Update != nil {
		out = append(out, job.UpdateDuplicate)
	}
	return out
}

// formats are the compiled patterns of the workspace settings, by CRM.
type formats map[string]*regexp.Regexp

// compileFormats fails on a pattern that is none.
func compileFormats(specs []*connector.Spec) (formats, error) {
	out := formats{}
	for _, spec := range specs {
		for _, s := range spec.Settings {
			if s.Key != spec.Workspace || s.Format == "" {
				continue
			}
			pattern, err := regexp.Compile(`\A(?:` + s.Format + `)\z`)
			if err != nil {
				return nil, err
			}
			out[spec.ID] = pattern
		}
	}
	return out, nil
}

func (f formats) match(crm, value string) bool {
	pattern, ok := f[crm]
	return !ok || pattern.MatchString(value)
}
