package kit

import (
	"net/url"
	"slices"
	"strings"
)

type route struct {
	method  string
	parts   []part
	handler Handler
	public  bool
}

// part is one segment of a pattern: text, or a hole with text around it.
type part struct{ before, hole, after string }

// routes compiles patterns, those with the fewest holes first.
func routes(private, public map[string]Handler) []route {
	var list []route
	for pattern, h := range private {
		list = append(list, compile(pattern, h, false))
	}
	for pattern, h := range public {
		list = append(list, compile(pattern, h, true))
	}
	slices.SortFunc(list, func(a, b route) int { return a.holes() - b.holes() })
	return list
}

func compile(pattern string, h Handler, public bool) route {
	method, path, _ := strings.Cut(pattern, " ")
	r := route{method: method, handler: h, public: public}
	for _, segment := range strings.Split(path, "/") {
		before, rest, holed := strings.Cut(segment, "{")
		hole, after, _ := strings.Cut(rest, "}")
		if !holed {
			hole = ""
		}
		r.parts = append(r.parts, part{before, hole, after})
	}
	return r
}

func (r route) holes() int {
	n := 0
	for _, p := range r.parts {
		if p.hole != "" {
			n++
		}
	}
	return n
}

// find tells which route serves a request. Without one, allow lists the
// methods that the path is served for.
func find(list []route, method, escapedPath string) (found route, vars map[string]string, allow []string) {
	segments := strings.Split(escapedPath, "/")
	for _, r := range list {
		if len(r.parts) != len(segments) {
			continue
		}
		vars, ok := r.match(segments)
		if ok && r.method == method {
			return r, vars, nil
		}
		if ok {
			allow = append(allow, r.method)
		}
	}
	slices.Sort(allow)
	return route{}, nil, slices.Compact(allow)
}

func (r route) match(segments []string) (map[string]string, bool) {
	var vars map[string]string
	for i, p := range r.parts {
		if p.hole == "" {
			if segments[i] != p.before {
				return nil, false
			}
			continue
		}
		segment, err := url.PathUnescape(segments[i])
		rest, ok1 := strings.CutPrefix(segment, p.before)
		value, ok2 := strings.CutSuffix(rest, p.after)
		if err != nil || !ok1 || !ok2 || value == "" {
			return nil, false
		}
		if vars == nil {
			vars = map[string]string{}
		}
		vars[p.hole] = value
	}
	return vars, true
}
