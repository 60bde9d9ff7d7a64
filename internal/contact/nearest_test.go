package contact

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"access_token", "api_key", "refresh_token", "instance_url"}
	for name, want := range map[string]string{
		"acess_token": "access_token", "AccessToken": "access_token", "access-token": "access_token",
		"apikey": "api_key", "refresh_tokne": "refresh_token", "instance url": "instance_url",
		"": "", "x": "", "colour": "", "token": "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
