package inbox

const MaxTakeovers = maxTakeovers
