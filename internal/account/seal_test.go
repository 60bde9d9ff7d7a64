package account_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/secretdata"

	"crmferry/internal/account"
)

const (
	plainText = "a secret that must not show"
	place     = "ferry:account:acme:1"
)

// rawKey is 32 bytes, of which the standard and the URL alphabet of base64
// differ.
func rawKey(fill byte) []byte {
	key := bytes.Repeat([]byte{fill}, 32)
	copy(key, []byte{0xfb, 0xff, 0xfe})
	return key
}

func masterKey(fill byte) string { return base64.StdEncoding.EncodeToString(rawKey(fill)) }

func sealer(t *testing.T, key string) *account.Sealer {
	t.Helper()
	s, err := account.NewSealer(key)
	if err != nil {
		t.Fatalf("NewSealer: %v", err)
	}
	return s
}

func seal(t *testing.T, s *account.Sealer) []byte {
	t.Helper()
	sealed, err := s.Seal([]byte(plainText), place)
	if err != nil {
		t.Fatalf("Seal: %v", err)
	}
	return sealed
}

func wantOpens(t *testing.T, s *account.Sealer, sealed []byte) {
	t.Helper()
	plain, err := s.Open(sealed, place)
	if err != nil || string(plain) != plainText {
		t.Errorf("Open gave the wrong plaintext, or the error %v", err)
	}
}

func wantUnreadable(t *testing.T, s *account.Sealer, sealed []byte, context string) {
	t.Helper()
	plain, err := s.Open(sealed, context)
	if !errors.Is(err, account.ErrUnreadable) || plain != nil {
		t.Errorf("Open: error %v and %d bytes, want ErrUnreadable and none", err, len(plain))
	}
}

func TestSealWithSingleKey(t *testing.T) {
	t.Parallel()
	s := sealer(t, masterKey(7))
	sealed := seal(t, s)
	wantOpens(t, s, sealed)
	if bytes.Contains(sealed, []byte(plainText)) || bytes.Equal(sealed, seal(t, s)) {
		t.Error("the plaintext shows, or two seals of it are equal")
	}
	wantUnreadable(t, s, sealed, "ferry:account:acme:2")
	wantUnreadable(t, s, sealed, "")
	wantUnreadable(t, sealer(t, masterKey(8)), sealed, place)
	wantUnreadable(t, s, nil, place)
	wantUnreadable(t, s, sealed[:11], place)
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		wantUnreadable(t, s, bad, place)
	}
}

// The format of a single key is the plain one of AES-256-GCM, nonce first, so
// that other tools can read it.
func TestSealIsPlainAESGCM(t *testing.T) {
	t.Parallel()
	block, err := aes.NewCipher(rawKey(7))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	sealed := seal(t, sealer(t, masterKey(7)))
	plain, err := gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], []byte(place))
	if err != nil || string(plain) != plainText {
		t.Errorf("the standard library does not open the seal: %v", err)
	}
}

func TestMasterKeySpellings(t *testing.T) {
	t.Parallel()
	sealed := seal(t, sealer(t, masterKey(7)))
	for name, encoding := range map[string]*base64.Encoding{
		"standard": base64.StdEncoding, "unpadded": base64.RawStdEncoding,
		"URL": base64.URLEncoding, "unpadded URL": base64.RawURLEncoding,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantOpens(t, sealer(t, " "+encoding.EncodeToString(rawKey(7))+"\n"), sealed)
		})
	}
}

func TestMasterKeyRefused(t *testing.T) {
	t.Parallel()
	macHandle, err := keyset.NewHandle(mac.HMACSHA256Tag256KeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	valid := keySetJSON(t, newKeySet(t).handle(t))
	tests := map[string]struct{ key, want string }{
		"empty":         {"", "is empty"},
		"blank":         {" \n", "is empty"},
		"16 bytes":      {base64.StdEncoding.EncodeToString(rawKey(7)[:16]), "has 16 bytes; it must have 32"},
		"33 bytes":      {base64.StdEncoding.EncodeToString(append(rawKey(7), 1)), "has 33 bytes"},
		"hexadecimal":   {fmt.Sprintf("%x", rawKey(7)), "has 48 bytes"},
		"pass phrase":   {"correct horse battery staple", "neither base64 nor"},
		"broken JSON":   {valid[:len(valid)-3], "not a cleartext Tink key set"},
		"other JSON":    {`{"secret": "correct horse"}`, "not a cleartext Tink key set"},
		"no keys":       {`{"primaryKeyId": 1, "key": []}`, "not a cleartext Tink key set"},
		"no primary":    {strings.Replace(valid, `"primaryKeyId":`, `"primaryKeyId":1`, 1), "not a cleartext Tink key set"},
		"MAC keys":      {keySetJSON(t, macHandle), "not for AEAD"},
		"encrypted set": {`{"encryptedKeyset": "AAAA"}`, "not a cleartext Tink key set"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := account.NewSealer(test.key)
			if err == nil {
				t.Fatal("the key was taken")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want one with %q", err, test.want)
			}
			if key := strings.TrimSpace(test.key); key != "" && strings.Contains(err.Error(), key) {
				t.Errorf("error %q holds the key", err)
			}
		})
	}
}

// keySet is a Tink key set under construction.
type keySet struct{ manager *keyset.Manager }

func newKeySet(t *testing.T) keySet {
	t.Helper()
	k := keySet{keyset.NewManager()}
	k.add(t, aead.AES256GCMKeyTemplate())
	return k
}

// add makes a new primary key.
func (k keySet) add(t *testing.T, template *tinkpb.KeyTemplate) uint32 {
	t.Helper()
	id, err := k.manager.Add(template)
	if err == nil {
		err = k.manager.SetPrimary(id)
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (k keySet) handle(t *testing.T) *keyset.Handle {
	t.Helper()
	h, err := k.manager.Handle()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func keySetJSON(t *testing.T, h *keyset.Handle) string {
	t.Helper()
	var buf bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&buf)); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func TestKeySetRotation(t *testing.T) {
	t.Parallel()
	set := newKeySet(t)
	primary, err := set.handle(t).Primary()
	if err != nil {
		t.Fatal(err)
	}
	first := sealer(t, keySetJSON(t, set.handle(t)))
	old := seal(t, first)

	set.add(t, aead.XChaCha20Poly1305KeyTemplate())
	both := sealer(t, keySetJSON(t, set.handle(t)))
	wantOpens(t, both, old)
	fresh := seal(t, both)
	wantOpens(t, both, fresh)
	wantUnreadable(t, first, fresh, place) // sealed with the new primary

	if err := set.manager.Delete(primary.KeyID()); err != nil {
		t.Fatal(err)
	}
	last := sealer(t, keySetJSON(t, set.handle(t)))
	wantOpens(t, last, fresh)
	wantUnreadable(t, last, old, place)
}

func TestFromSingleKeyToKeySet(t *testing.T) {
	t.Parallel()
	old := seal(t, sealer(t, masterKey(7)))
	params, err := aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: 32, IVSizeInBytes: 12, TagSizeInBytes: 16, Variant: aesgcm.VariantNoPrefix,
	})
	if err != nil {
		t.Fatal(err)
	}
	key, err := aesgcm.NewKey(secretdata.NewBytesFromData(rawKey(7), insecuresecretdataaccess.Token{}), 0, params)
	if err != nil {
		t.Fatal(err)
	}
	set := newKeySet(t)
	if _, err := set.manager.AddKey(key); err != nil {
		t.Fatal(err)
	}
	json := keySetJSON(t, set.handle(t))
	if !strings.Contains(json, `"RAW"`) {
		t.Errorf("the single key is not in the set under the prefix that NewSealer's comment names")
	}
	wantOpens(t, sealer(t, json), old)
}

func TestSealCheck(t *testing.T) {
	t.Parallel()
	s := sealer(t, masterKey(7))
	check, err := s.SealCheck()
	if err != nil {
		t.Fatal(err)
	}
	if err := sealer(t, masterKey(7)).OpenCheck(check); err != nil {
		t.Errorf("OpenCheck with the same key: %v", err)
	}
	for name, opens := range map[string]error{
		"another key":   sealer(t, masterKey(8)).OpenCheck(check),
		"nothing":       s.OpenCheck(nil),
		"another value": s.OpenCheck(seal(t, s)),
	} {
		if !errors.Is(opens, account.ErrWrongKey) {
			t.Errorf("OpenCheck with %s: error %v, want ErrWrongKey", name, opens)
		}
	}
}

func TestSealerShowsNoKey(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("k", 32)
	s := sealer(t, base64.StdEncoding.EncodeToString([]byte(key)))
	type holder struct{ within *account.Sealer }
	for _, v := range []any{s, *s, holder{s}, &holder{s}, []*account.Sealer{s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			got := fmt.Sprintf(verb, v)
			for _, form := range []string{"kkkk", "107 107", "6b6b", "0x6b, 0x6b"} {
				if strings.Contains(got, form) {
					t.Errorf("%s of a %T shows the key", verb, v)
				}
			}
		}
	}
}
