package view

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThanksAreNoRequest(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Thanks!", "THANK YOU", "ok", "Ok, thanks 🙏🙏", "👍", "👍🏽👍🏽", "❤️", "ありがとうございます！", "Vielen Dank :)", "好的谢谢", "謝謝您～", "Merci beaucoup !",
		"¡Muchas gracias!", "Terima kasih", "ขอบคุณมากค่ะ", "D'accord, merci", "d’accord",
	} {
		require.True(t, IsThanks(text), text)
	}
	for _, text := range []string{
		"", " ", "…", "thanks but it is still broken", "okra", "ty2", "no", "🔥", "❤️‍🔥", "danke nein", "谢谢，但是坏了", "ok?!x", "👍 works?", "ありがとう でも",
	} {
		require.False(t, IsThanks(text), text)
	}
	require.True(t, IsAgreement("Ok 👍"))
	require.False(t, IsAgreement("ok, thanks"))
}
