package account

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

const maxSetting = 2048 // bytes

// settings reads the settings, each in its standard form; defaults stay out,
// so that a better one reaches old accounts too.
func (v *validator) settings(o Opaque) map[string]string {
	var list []member
	if !o.absent() {
		var ok bool
		if list, ok = v.object("/settings", o); !ok {
			return nil
		}
	}
	values, settled := v.given(list)
	for _, s := range v.spec.Settings {
		if s.Key == v.spec.Workspace { // each request may bring its own
			continue
		}
		if (s.Required || v.addressed(s)) && s.Default == "" && !settled[s.Key] {
			v.problem("/settings/"+s.Key, contact.CodeRequired, "is required by %s%s", v.spec.Name, example(s))
		}
	}
	if len(values) == 0 {
		return nil
	}
	return values
}

// addressed says whether the CRM's address is made of the setting: without it
// nothing could be sent.
func (v *validator) addressed(s connector.Setting) bool {
	return strings.Contains(v.spec.BaseURL, "{"+s.Key+"}")
}

// given reads the values of the settings. settled are those of which the
// caller need not hear that they are missing: given, refused or misspelt.
func (v *validator) given(list []member) (values map[string]string, settled map[string]bool) {
	values, settled = map[string]string{}, map[string]bool{}
	for _, m := range list {
		i := slices.IndexFunc(v.spec.Settings, func(s connector.Setting) bool { return s.Key == m.key })
		if i < 0 {
			settled[v.unknownSetting(m.key)] = true
			continue
		}
		value, good := v.setting(v.spec.Settings[i], m)
		if value != "" {
			values[m.key] = value
		}
		settled[m.key] = value != "" || !good
	}
	return values, settled
}

// unknownSetting reports a member that is no setting, and gives the setting
// that was meant, if one comes near.
func (v *validator) unknownSetting(key string) (meant string) {
	var names []string
	for _, s := range v.spec.Settings {
		names = append(names, s.Key)
	}
	message := fmt.Sprintf("is no setting of %s, which has: %s", v.spec.Name, strings.Join(names, ", "))
	switch meant = contact.Nearest(key, names); {
	case slices.Contains(keys(v.allParams()), key):
		meant, message = "", "is a credential and belongs in /auth"
	case meant != "":
		message = "is no setting; did you mean " + meant + "?"
	case len(names) == 0:
		message = "is no setting; " + v.spec.Name + " has none"
	}
	v.unknown("/settings", key, message)
	return meant
}

// setting checks the value of a setting; it is "" where there is none.
func (v *validator) setting(s connector.Setting, m member) (value string, good bool) {
	at := "/settings/" + s.Key
	if m.kind == nestedKind {
		v.problem(at, contact.CodeWrongType, "must be a string")
		return "", false
	}
	value = strings.TrimSpace(m.value)
	switch {
	case value == "":
		return "", true
	case len(value) > maxSetting:
		v.problem(at, contact.CodeTooLong, "is longer than %d bytes", maxSetting)
		return "", false
	case strings.ContainsFunc(value, unicode.IsControl):
		v.problem(at, contact.CodeControlCharacter, "holds a control character")
		return "", false
	}
	if s.Clean != nil {
		value = s.Clean(value)
	}
	return value, v.format(at, s, value)
}

// format holds a value against the setting's pattern, which must match the
// whole of it: a host that is merely contained would get the credentials.
func (v *validator) format(at string, s connector.Setting, value string) bool {
	if s.Format == "" && !s.Host {
		return true
	}
	pattern, err := regexp.Compile(`\A(?:` + s.Format + `)\z`)
	if err != nil || s.Format == "" {
		v.fault = fmt.Errorf("account: %s: the setting %s has no usable format", v.spec.ID, s.Key)
		return false
	}
	switch {
	case pattern.MatchString(value):
		return true
	case s.Host:
		v.problem(at, CodeHostNotAllowed, "is not an address of %s's%s", v.spec.Name, example(s))
	default:
		v.problem(at, CodeInvalidFormat, "does not have the right form%s", example(s))
	}
	return false
}

func example(s connector.Setting) string {
	if s.Example == "" {
		return ""
	}
	return ", such as " + s.Example
}
