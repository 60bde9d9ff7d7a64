package parse

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
)

const (
	fileField     = "file"
	maxFormFields = 200
	maxFormBytes  = 64 << 10
)

// Upload is the file of a form, read as it arrives, and the fields before it.
type Upload struct {
	io.Reader
	MediaType string
	FileName  string
	Fields    url.Values
	form      *multipart.Reader
	body      io.Reader
}

// FilePart reads a multipart/form-data body as far as its field "file". Other
// fields must stand before it.
func FilePart(body io.Reader, contentType string) (*Upload, error) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return nil, fail(CodeMalformedForm, 0, "The Content-Type must be multipart/form-data with a boundary.")
	}
	u := &Upload{Fields: url.Values{}, form: multipart.NewReader(body, params["boundary"]), body: body}
	room, fields := int64(maxFormBytes), 0
	for {
		part, err := u.form.NextPart()
		switch {
		case err == io.EOF: // wrapped, it is a form without its end
			return nil, fail(CodeNoFile, 0, `The form has no field "file".`)
		case err != nil:
			return nil, formError(err)
		case part.FormName() == fileField:
			u.Reader, u.MediaType, u.FileName = part, part.Header.Get("Content-Type"), part.FileName()
			return u, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, room+1))
		if err != nil {
			return nil, formError(err)
		}
		room -= int64(len(value))
		if fields++; fields > maxFormFields || room < 0 {
			return nil, fail(CodeMalformedForm, 0, `The fields before "file" are too many or too long.`)
		}
		u.Fields.Add(part.FormName(), string(value))
	}
}

// Finish makes sure, once the file has been read, that no field follows it: it
// would have come too late to have an effect; and that the body has come to its
// end, which of a packed form tells whether it is undamaged.
func (u *Upload) Finish() error {
	_, err := u.form.NextPart()
	switch {
	case err == nil:
		return fail(CodeMisplacedField, 0, `Fields must stand before "file" in the form.`)
	case err != io.EOF:
		return formError(err)
	}
	if _, err = io.Copy(io.Discard, u.body); err != nil {
		return readError(err, 0)
	}
	return nil
}

// formError tells a form that is none from one that broke off.
func formError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return &Error{Code: CodeTruncated, Message: "The upload broke off before its end.", cause: err}
	}
	return &Error{Code: CodeMalformedForm, Message: "The form could not be read.", cause: err}
}
