# The error lies at: param who
param "whom" {
  value = "us"
}
