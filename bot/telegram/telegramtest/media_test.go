package telegramtest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"mime/multipart"
	"testing"

	"github.com/stretchr/testify/require"

	tt "livedeskbot/bot/telegram/telegramtest"
)

// uploads makes a multipart call with fields and files by part name.
func (b *bot) uploads(method string, fields, files map[string]string) reply {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		require.NoError(b.t, w.WriteField(name, value))
	}
	for name, content := range files {
		part, err := w.CreateFormFile(name, name+".bin")
		require.NoError(b.t, err)
		_, err = part.Write([]byte(content))
		require.NoError(b.t, err)
	}
	require.NoError(b.t, w.Close())
	r, err := b.post(method, w.FormDataContentType(), &body)
	require.NoError(b.t, err)
	return r
}

func TestUploadsAreRecordedByNameSizeAndHash(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	chat := b.s.NewGroup("G")
	r := b.uploads("sendDocument", map[string]string{"chat_id": itoa(chat.ID), "caption": "<b>c</b>", "parse_mode": "HTML"},
		map[string]string{"document": "content"})
	require.True(t, r.OK, r.Description)
	sent := chat.BotMessages()[0]
	sum := sha256.Sum256([]byte("content"))
	require.Equal(t, hex.EncodeToString(sum[:]), sent.File.Upload.SHA256)
	require.Equal(t, "document.bin", sent.File.Upload.Name)
	require.EqualValues(t, 7, sent.File.Size)
	require.Equal(t, "c", sent.Text)

	b.does("sendDocument", p{"chat_id": chat.ID, "document": sent.File.ID})
	require.Contains(t, b.refused("sendPhoto", p{"chat_id": chat.ID, "photo": sent.File.ID}), "can't use file of type document")
	require.Contains(t, b.refused("sendDocument", p{"chat_id": chat.ID, "document": "nonsense"}), "wrong file identifier")
	r = b.uploads("sendDocument", map[string]string{"chat_id": itoa(chat.ID)}, map[string]string{"document": ""})
	require.Equal(t, "Bad Request: file must be non-empty", r.Description)
	require.Empty(t, b.s.Unknown())
}

func TestAlbumOfTheBotIsPostedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	chat := b.s.NewGroup("G")
	send := func(media string) reply {
		return b.uploads("sendMediaGroup", map[string]string{"chat_id": itoa(chat.ID), "media": media},
			map[string]string{"a": "1", "b": "2"})
	}
	r := send(`[{"type":"photo","media":"attach://a","caption":"x"},{"type":"photo","media":"attach://missing"}]`)
	require.Equal(t, "Bad Request: file attached by attach:// not found", r.Description)
	require.Empty(t, chat.BotMessages())
	r = send(`[{"type":"photo","media":"attach://a"},{"type":"document","media":"attach://b"}]`)
	require.Contains(t, r.Description, "can't be mixed")
	r = send(`[{"type":"photo","media":"attach://a","caption":"x"},{"type":"video","media":"attach://b"}]`)
	require.True(t, r.OK, r.Description)
	sent := chat.BotMessages()
	require.Len(t, sent, 2)
	require.NotEmpty(t, sent[0].Album)
	require.Equal(t, sent[0].Album, sent[1].Album)
	require.Equal(t, "x", sent[0].Text)
}

func TestAlbumOfAPersonComesInParts(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice, chat := b.s.NewPerson("A"), b.s.NewGroup("G")
	one := b.s.NewFile(tt.Photo, "one.jpg", "image/jpeg", []byte("1"))
	two := b.s.NewFile(tt.Photo, "two.jpg", "image/jpeg", []byte("2"))
	parts := b.s.Album(alice, chat, "/ticket x", []*tt.File{one, two})
	first, second := b.nextMessage(), b.nextMessage()
	require.Equal(t, parts[0].Album, first["media_group_id"])
	require.Equal(t, first["media_group_id"], second["media_group_id"])
	require.Equal(t, "/ticket x", first["caption"])
	require.NotContains(t, second, "caption")
	sizes := first["photo"].([]any)
	require.Equal(t, one.ID, sizes[len(sizes)-1].(map[string]any)["file_id"], "the largest size is last")
}
