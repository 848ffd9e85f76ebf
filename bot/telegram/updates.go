package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/wait"
)

// pollTimeout is how long Telegram holds a getUpdates request when there is nothing; it caps it at 50 s.
const pollTimeout = 30 * time.Second

// AllowedUpdates are the kinds of updates that the bot asks Telegram for.
var AllowedUpdates = []string{"message", "edited_message", "callback_query", "my_chat_member"}

// Updates calls getUpdates and returns each update as Telegram sent it. It waits half a minute where there is none.
// https://core.telegram.org/bots/api#getupdates
func (c *Client) Updates(ctx context.Context, offset int64) ([]json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout+15*time.Second)
	defer cancel()
	req, err := c.pollRequest(ctx, offset)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var answer struct {
		OK          bool              `json:"ok"`
		Result      []json.RawMessage `json:"result"`
		Code        int               `json:"error_code"`
		Description string            `json:"description"`
		Parameters  struct {
			RetryAfter int `json:"retry_after"`
		} `json:"parameters"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("getUpdates: status %d without a readable answer", res.StatusCode)
	}
	switch {
	case answer.OK:
		return answer.Result, nil
	case answer.Code == http.StatusTooManyRequests:
		return nil, &tg.TooManyRequestsError{Message: "getUpdates", RetryAfter: answer.Parameters.RetryAfter}
	case answer.Code == http.StatusConflict:
		return nil, fmt.Errorf("getUpdates: %w, %s", tg.ErrorConflict, answer.Description)
	}
	return nil, fmt.Errorf("getUpdates: %d %s", answer.Code, answer.Description)
}

// ReadUpdate reads an update, also as servers before Bot API 7.0 send it: they tell of a forward by forward_date and its
// neighbours, which the library does not know. https://core.telegram.org/bots/api-changelog#december-29-2023
func ReadUpdate(raw []byte) (models.Update, error) {
	var u models.Update
	if err := json.Unmarshal(raw, &u); err != nil || !bytes.Contains(raw, []byte(`"forward_date"`)) {
		return u, err
	}
	type forward struct {
		Date int `json:"forward_date"`
	}
	var old struct {
		Message       forward `json:"message"`
		EditedMessage forward `json:"edited_message"`
	}
	if err := json.Unmarshal(raw, &old); err != nil {
		return u, err
	}
	markForward(u.Message, old.Message.Date)
	markForward(u.EditedMessage, old.EditedMessage.Date)
	return u, nil
}

// markForward makes a message a forward of the given date, 0 for none, where it is not known as one.
func markForward(m *models.Message, date int) {
	if m == nil || date == 0 || m.ForwardOrigin != nil {
		return
	}
	m.ForwardOrigin = &models.MessageOrigin{
		Type:                    models.MessageOriginTypeHiddenUser,
		MessageOriginHiddenUser: &models.MessageOriginHiddenUser{Type: models.MessageOriginTypeHiddenUser, Date: date},
	}
}

// pollRequest is a getUpdates request in the form in which the library sends all other calls.
func (c *Client) pollRequest(ctx context.Context, offset int64) (*http.Request, error) {
	kinds, err := json.Marshal(AllowedUpdates)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range map[string]string{
		"offset": strconv.FormatInt(offset, 10), "timeout": strconv.Itoa(int(pollTimeout.Seconds())), "allowed_updates": string(kinds),
	} {
		_ = form.WriteField(name, value) // a buffer takes everything
	}
	_ = form.Close()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.api+"/bot"+c.token+"/getUpdates", &body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	return req, nil
}

// RetryDelay is how long to wait before the next try to receive updates: as long as Telegram asks for, some seconds while
// another program polls, else longer and longer. delay is the last one.
func RetryDelay(err error, delay time.Duration) time.Duration {
	if d, ok := RetryAfter(err); ok {
		return d
	}
	if errors.Is(err, tg.ErrorConflict) && !strings.Contains(err.Error(), "webhook") {
		return 3 * time.Second
	}
	return wait.Backoff(delay, 100*time.Millisecond, 5*time.Second)
}
