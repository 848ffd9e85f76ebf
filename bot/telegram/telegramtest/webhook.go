package telegramtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// webhook posts updates: one at a time in each lane, the lanes beside each other up to a number of connections.
type webhook struct {
	url, secret string
	connections int
	slots       chan struct{}
	lanes       map[lane][]*update // lanes at work
	ctx         context.Context    // ends with the webhook
	stop        context.CancelFunc
	lastError   string
	lastErrorAt time.Time
}

// Post is one attempt to deliver an update to the webhook.
type Post struct {
	UpdateID int64
	At       time.Time
	Status   int    // HTTP status of the answer, 0 if there was none
	Error    string // why it counts as failed
}

// Posts returns the attempts to deliver updates to the webhook, oldest first.
func (s *Server) Posts() []Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.posts)
}

// hookTimeout is how long Telegram waits for the answer of a webhook, hookWait the longest Retry-After it honours.
const (
	hookTimeout = 60 * time.Second
	hookWait    = time.Hour
)

func newHookClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 100},
		Timeout:       hookTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

var secretShape = regexp.MustCompile(`^[A-Za-z0-9_-]{0,256}$`)

func (s *Server) setWebhook(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	address := c.values["url"]
	if address == "" {
		return s.removeWebhook(c)
	}
	if err := s.checkHook(address, c); err != nil {
		return nil, err
	}
	if err := s.setAllowed(c); err != nil {
		return nil, err
	}
	if c.flag("drop_pending_updates") {
		s.updates.pending = nil
	}
	s.stopWebhook()
	s.updates.cut(conflictWebhook)
	s.startWebhook(address, c)
	return true, nil
}

// checkHook takes plain HTTP for loopback addresses, which Telegram itself could not reach.
func (s *Server) checkHook(address string, c *call) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return badRequest("invalid webhook URL specified")
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	connections, limited := c.values["max_connections"]
	switch {
	case u.Scheme != "https" && !(loopback && u.Scheme == "http"):
		return badRequest("bad webhook: An HTTPS URL must be provided for webhook")
	case !loopback && !slices.Contains([]string{"", "80", "88", "443", "8443"}, u.Port()):
		return badRequest("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
	case !secretShape.MatchString(c.values["secret_token"]):
		return badRequest("secret token contains unallowed characters")
	case limited && (c.int("max_connections") < 1 || c.int("max_connections") > 100):
		return s.strict(c, "max_connections %s is not within 1-100", connections)
	}
	return nil
}

func (s *Server) startWebhook(address string, c *call) {
	h := &webhook{url: address, secret: c.values["secret_token"], connections: 40, lanes: map[lane][]*update{}}
	if n := c.int("max_connections"); n > 0 {
		h.connections = n
	}
	h.slots = make(chan struct{}, h.connections)
	h.ctx, h.stop = context.WithCancel(context.Background())
	s.webhook = h
	for _, u := range s.updates.pending {
		if !u.settled {
			s.push(h, u)
		}
	}
}

// stopWebhook ends posting; what is pending stays.
func (s *Server) stopWebhook() {
	if s.webhook != nil {
		s.webhook.stop()
		s.webhook = nil
	}
}

func (s *Server) deleteWebhook(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removeWebhook(c)
}

func (s *Server) removeWebhook(c *call) (any, error) {
	s.stopWebhook()
	if c.flag("drop_pending_updates") {
		s.updates.pending = nil
	}
	return true, nil
}

func (s *Server) getWebhookInfo(*call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := struct {
		URL            string   `json:"url"`
		Certificate    bool     `json:"has_custom_certificate"`
		Pending        int      `json:"pending_update_count"`
		LastErrorDate  int64    `json:"last_error_date,omitempty"`
		LastError      string   `json:"last_error_message,omitempty"`
		MaxConnections int      `json:"max_connections,omitempty"`
		Allowed        []string `json:"allowed_updates,omitempty"`
	}{Pending: s.updates.open(), Allowed: s.updates.allowed}
	if h := s.webhook; h != nil {
		info.URL, info.MaxConnections, info.LastError = h.url, h.connections, h.lastError
		if h.lastError != "" {
			info.LastErrorDate = h.lastErrorAt.Unix()
		}
	}
	return info, nil
}

// push puts an update into its lane and sets the lane to work if it rests.
func (s *Server) push(h *webhook, u *update) {
	_, atWork := h.lanes[u.lane]
	h.lanes[u.lane] = append(h.lanes[u.lane], u)
	if !atWork {
		s.lanes.Go(func() { s.runLane(h, u.lane) })
	}
}

func (s *Server) runLane(h *webhook, l lane) {
	failures := 0
	for u := s.laneHead(h, l, nil); u != nil && h.ctx.Err() == nil; {
		delay, ok := s.tryPost(h, u)
		if ok {
			failures = 0
			u = s.laneHead(h, l, u)
			continue
		}
		if pause(h.ctx, max(delay, s.backoff(failures))) != nil {
			return
		}
		failures++
	}
}

// laneHead settles the update that was delivered and returns the next of the lane; with nil the lane is at rest.
func (s *Server) laneHead(h *webhook, l lane, delivered *update) *update {
	s.mu.Lock()
	defer s.mu.Unlock()
	if delivered != nil {
		s.updates.settle(delivered)
		h.lanes[l] = h.lanes[l][1:]
	}
	if len(h.lanes[l]) == 0 {
		delete(h.lanes, l)
		return nil
	}
	return h.lanes[l][0]
}

// backoff is the pause after so many failures before the present one: none, then doubling.
func (s *Server) backoff(failures int) time.Duration {
	if failures == 0 {
		return 0
	}
	d := s.opts.Backoff
	for range failures - 1 {
		if d *= 2; d >= s.opts.MaxBackoff {
			return s.opts.MaxBackoff
		}
	}
	return d
}

// tryPost posts one update and returns whether it was taken, else the delay the webhook asked for.
func (s *Server) tryPost(h *webhook, u *update) (delay time.Duration, ok bool) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-h.ctx.Done():
		return 0, false
	}
	post := Post{UpdateID: u.id, At: s.opts.Now()}
	delay, post.Status, post.Error = s.postOnce(h, u)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.opts.Forget {
		s.posts = append(s.posts, post)
	}
	if post.Error != "" {
		h.lastError, h.lastErrorAt = post.Error, s.opts.Now()
	}
	return delay, post.Error == ""
}

func (s *Server) postOnce(h *webhook, u *update) (delay time.Duration, status int, problem string) {
	req, err := http.NewRequestWithContext(h.ctx, http.MethodPost, h.url, bytes.NewReader(u.raw))
	if err != nil {
		return 0, 0, err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	if h.secret != "" {
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.secret)
	}
	resp, err := s.hook.Do(req)
	if err != nil {
		return 0, 0, "Connection failed"
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxField))
	if bytes.Contains(answer, []byte(`"method"`)) {
		s.remember("method in the answer of the webhook")
	}
	if resp.StatusCode/100 == 2 {
		return 0, resp.StatusCode, ""
	}
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	delay = min(time.Duration(max(seconds, 0))*time.Second, hookWait)
	return delay, resp.StatusCode, fmt.Sprintf("Wrong response from the webhook: %s", resp.Status)
}
