package awsapi

// Call is one request on its way through a handler.
type Call struct{}
