package view

import (
	"fmt"
	"strconv"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/storage"
)

// maxHelp is how much a screen of /help holds, as people read it in UTF-16 units: what a phone shows at once.
const maxHelp = 399

// HelpAsk is the button that asks for a ticket's text instead of showing a screen.
const HelpAsk = -1

// Start is what a person sees first. In private no command is needed.
func Start(say Language, private bool) markup.Message {
	text := say.Text("start")
	if private {
		text = say.Text("start_private")
	}
	return markup.Message{Text: text, Buttons: [][]markup.Button{{
		helpButton(say.Text("button_open"), HelpAsk), helpButton(say.Text("button_help"), 0),
	}}}
}

// HelpScreens puts paragraphs into screens. A section begins one, and takes more where it is longer.
func HelpScreens(sections ...[]string) []string {
	var screens []string
	for _, section := range sections {
		begins := true
		for _, paragraph := range section {
			last := len(screens) - 1
			if !begins && markup.Length(markup.Plain(screens[last]+"\n\n"+paragraph)) <= maxHelp {
				screens[last] += "\n\n" + paragraph
				continue
			}
			screens, begins = append(screens, paragraph), false
		}
	}
	return screens
}

// Help is one of the screens, the last one where there are not so many, with buttons to its neighbours.
func Help(say Language, screens []string, screen int) markup.Message {
	screen = min(screen, len(screens)-1)
	var row []markup.Button
	if screen == 0 {
		row = append(row, helpButton(say.Text("button_open"), HelpAsk))
	} else {
		row = append(row, helpButton(say.Text("button_back"), screen-1))
	}
	if screen < len(screens)-1 {
		row = append(row, helpButton(say.Text("button_more"), screen+1))
	}
	return markup.Message{Text: screens[screen], Buttons: [][]markup.Button{row}}
}

func helpButton(label string, screen int) markup.Button {
	return markup.Button{Label: label, Data: fmt.Sprintf("help:%d", screen)}
}

// ParseHelpButton reads which screen a button of /start or /help shows, or [HelpAsk].
func ParseHelpButton(data string) (screen int, ok bool) {
	number, ok := strings.CutPrefix(data, "help:")
	screen, err := strconv.Atoi(number)
	return screen, ok && err == nil && screen >= HelpAsk
}

// Question asks for a ticket's text; in a group it names the one person who is asked.
func Question(say Language, who storage.Person) markup.Message {
	text := say.Text("question")
	if who.ID != 0 {
		text = Mention(who.ID, markup.Shorten(who.Name, maxMention)) + "\n" + text
	}
	return markup.Message{Text: text, Ask: true, Field: say.Text("field_answer")}
}
