package shape

import "maps"

// With is the custom fields with one more.
func With(custom map[string]any, name string, value any) map[string]any {
	out := map[string]any{name: value}
	maps.Copy(out, custom)
	out[name] = value
	return out
}
