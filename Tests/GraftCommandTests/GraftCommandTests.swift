// GraftCommandTests
