package config

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Setting is one row of the documentation.
type Setting struct {
	Name    string // the variable
	Default string // empty: none
	Allowed string // completes "must be"
	Meaning string
}

// Document lists the settings in the order of [Config].
func Document() []Setting {
	var settings []Setting
	for field := range reflect.TypeFor[Config]().Fields() {
		settings = append(settings, setting(field))
	}
	return settings
}

func setting(field reflect.StructField) Setting {
	name := field.Tag.Get("env")
	if name == "-" {
		name = field.Tag.Get("name")
	}
	return Setting{
		Name:    Prefix + name,
		Default: field.Tag.Get("envDefault"),
		Allowed: field.Tag.Get("allowed"),
		Meaning: field.Tag.Get("doc"),
	}
}

func tagged(field string) Setting {
	f, _ := reflect.TypeFor[Config]().FieldByName(field)
	return setting(f)
}

// unknown reports variables that start like ours and are not: a misspelt one
// would otherwise leave its setting at the default, unnoticed.
func unknown(ours map[string]string) []string {
	var known []string
	for _, s := range Document() {
		known = append(known, s.Name)
	}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		slug, isBase := strings.CutPrefix(name, Prefix+baseURLPrefix)
		if slices.Contains(known, name) || isBase && slugName.MatchString(slug) {
			continue
		}
		problems = append(problems, notASetting(name, known))
	}
	return problems
}

func notASetting(name string, known []string) string {
	if near := nearest(name, known); near != "" {
		return name + " is not a setting; did you mean " + near + "?"
	}
	return name + " is not a setting"
}

// nearest is the known name with the fewest edits, if they are few for its
// length.
func nearest(name string, known []string) string {
	best, least := "", len(name)
	for _, k := range known {
		if d := distance(strings.ToUpper(name), k); d < least {
			best, least = k, d
		}
	}
	if least > 1+(len(name)-len(Prefix))/4 {
		return ""
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func baseURLVariable(slug string) string {
	return Prefix + baseURLPrefix + strings.ToUpper(strings.ReplaceAll(slug, "-", "_"))
}

func baseURLVariables(slugs []string) []string {
	names := make([]string, len(slugs))
	for i, slug := range slugs {
		names[i] = baseURLVariable(slug)
	}
	return names
}

var (
	serviceName = regexp.MustCompile(`_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$`)
	portName    = regexp.MustCompile(`_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$`)
)

// serviceLink recognises what Kubernetes and Docker put into the environment
// for a service whose name starts with "ferry", such as
// FERRY_PORT=tcp://10.0.0.1:8080.
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
func serviceLink(name, value string) bool {
	if serviceName.MatchString(name) {
		return true
	}
	return portName.MatchString(name) && (!strings.HasSuffix(name, "_PORT") ||
		strings.Contains(name, "_TCP_") || strings.Contains(name, "_UDP_") || strings.Contains(name, "_SCTP_") ||
		strings.Contains(value, "://"))
}
