package api

import (
	"regexp"
	"slices"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/job"
)

// fitting is a contact held against the CRM and the account that it is for.
type fitting struct {
	spec     *connector.Spec
	account  account.Account
	input    contact.Input
	faults   []FieldProblem
	warnings []contact.Warning
}

func (f *fitting) fault(pointer, code, message string) {
	f.faults = append(f.faults, FieldProblem{Pointer: pointer, Code: code, Message: message})
}

// required finds the fields that the CRM demands and the contact lacks.
func (f *fitting) required() {
	for _, field := range f.spec.Missing(f.input, f.settings()) {
		f.fault("/"+string(field), codeRequired, "is required by "+f.spec.Name)
	}
}

// unsupported warns of the fields that the CRM cannot hold.
func (f *fitting) unsupported() {
	f.warnings = append(f.warnings, f.spec.Unsupported(f.input)...)
}

// workspace settles the setting that workspace[id] overrides.
func (f *fitting) workspace(asked string, patterns formats) {
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
		f.input.Workspace = asked
		return
	}
	setting := f.spec.Settings[i]
	if asked == "" {
		if setting.Required && setting.Default == "" && f.account.Settings[setting.Key] == "" {
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
	f.input.Workspace = asked
}

// duplicates refuses what the CRM cannot do about an existing record, or not
// for this contact.
func (f *fitting) duplicates(choice job.OnDuplicate) {
	const pointer = "query." + optionDuplicate
	switch {
	case choice == "" || choice == job.DuplicateFails:
	case choice == job.UpdateDuplicate && f.spec.Update == nil:
		f.fault(pointer, codeUnsupported, f.spec.Name+" contacts cannot be updated through their API")
	case f.spec.Duplicates.Detection == connector.DetectNative || f.findable():
	case len(finders(f.spec)) == 0:
		f.fault(pointer, codeUnsupported, f.spec.Name+" offers no way to find an existing contact")
	default:
		f.fault(pointer, codeUnsupported, f.spec.Name+" offers no look-up for what this contact holds")
	}
}

// findable says whether the CRM can be asked for a record of this person.
func (f *fitting) findable() bool {
	call := &connector.Call{Settings: f.settings(), Input: f.input}
	present := f.input.Present()
	return slices.ContainsFunc(finders(f.spec), func(by connector.Finder) bool {
		return slices.Contains(present, by.By) && (by.Applies == nil || by.Applies(call))
	})
}

// settings are the account's, with defaults and the workspace filled in.
func (f *fitting) settings() connector.Settings {
	out := connector.Settings{}
	for _, s := range f.spec.Settings {
		if v := f.account.Settings[s.Key]; v != "" {
			out[s.Key] = v
		} else if s.Default != "" {
			out[s.Key] = s.Default
		}
	}
	if f.spec.Workspace != "" && f.input.Workspace != "" {
		out[f.spec.Workspace] = f.input.Workspace
	}
	return out
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

// check holds the contact against everything that the CRM demands.
func (f *fitting) check(workspace string, choice job.OnDuplicate, patterns formats) {
	f.required()
	f.unsupported()
	f.workspace(workspace, patterns)
	f.duplicates(choice)
}
