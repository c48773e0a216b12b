mock "tfrun" {
  data = {
    workspace = { name = "web" }
  }
}

mock "time" {
  data = {
    hour = 7
  }
}

mock "a/path" {
  data = {
    list = [1, "two"]
  }
}

module "reader" {
  source = "../../parts/reader.sentinel"
}

test {
  rules = {
    out = ["web", "no estimate", 7, "web", "two", "none"]
  }
}
