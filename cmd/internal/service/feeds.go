package service

import (
	"strconv"
	"strings"

	"livedeskbot/bot/outbox"
)

// feeds reads where staff see tickets. A team has one feed, and one feed is of all teams that have none.
func (r *settings) feeds(name string) []outbox.Feed {
	var feeds []outbox.Feed
	seen := map[string]bool{}
	for _, word := range r.list(name) {
		place, team, named := strings.Cut(word, "=")
		feed, ok := readFeed(place)
		feed.Team = strings.TrimSpace(team)
		if !ok || named && feed.Team == "" {
			r.fault("%s must be CHAT, CHAT/TOPIC, CHAT=TEAM or CHAT/TOPIC=TEAM such as -1001234567890/7=Support, separated by commas, not %q", name, word)
			continue
		}
		key := strings.ToLower(feed.Team)
		switch {
		case seen[key] && key == "":
			r.fault("%s has more than one feed without a team: keep one of them, or give each a team", name)
		case seen[key]:
			r.fault("%s has more than one feed of the team %q: keep one of them", name, feed.Team)
		}
		seen[key] = true
		feeds = append(feeds, feed)
	}
	return feeds
}

// readFeed reads CHAT or CHAT/TOPIC. General, which Telegram's links number 1, is no topic to post in.
func readFeed(place string) (outbox.Feed, bool) {
	chat, topic, inTopic := strings.Cut(strings.TrimSpace(place), "/")
	id, err := strconv.ParseInt(strings.TrimSpace(chat), 10, 64)
	feed := outbox.Feed{Chat: id}
	if err != nil || id == 0 || !inTopic {
		return feed, err == nil && id != 0
	}
	feed.Thread, err = strconv.ParseInt(strings.TrimSpace(topic), 10, 32)
	if feed.Thread == 1 {
		feed.Thread = 0
	}
	return feed, err == nil && feed.Thread >= 0 && strings.TrimSpace(topic) != "0"
}

// shownFeeds are feeds as they are written in the setting.
func shownFeeds(feeds []outbox.Feed) string {
	var words []string
	for _, feed := range feeds {
		word := strconv.FormatInt(feed.Chat, 10)
		if feed.Thread != 0 {
			word += "/" + strconv.FormatInt(feed.Thread, 10)
		}
		if feed.Team != "" {
			word += "=" + feed.Team
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}
