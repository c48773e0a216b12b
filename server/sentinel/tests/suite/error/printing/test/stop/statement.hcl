# The error lies at: error("here")
param "where" {
  value = "statement"
}
