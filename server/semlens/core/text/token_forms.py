"""The forms of tokens, as their issuers publish them, and the names of issuers. `secrets` applies them.

A new issuer with a form is one alternative of `TOKEN_FORM`. Its prefix must be rare in code, and what follows must be
long. An issuer whose tokens are only random is a word of `ISSUER`.
"""

from __future__ import annotations

import re

TOKEN_FORM = re.compile(
    r"""(?x)\b(?:
        (?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Z])    # Amazon
      | (?:AC|SK)[a-z0-9]{32}\b                                        # Twilio
      | AIza[0-9A-Za-z_-]{35} | ya29\.[0-9A-Za-z_-]{20,} | GOCSPX-[0-9A-Za-z_-]{28}   # Google
      | AKC[A-Za-z0-9]{10,}\b                                          # Artifactory
      | AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Za-z]{40,}
      | eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}  # JSON web tokens
      | gh[pousr]_[A-Za-z0-9_]{36,} | github_pat_[A-Za-z0-9_]{40,}
      | (?:gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-|GR1348941)[A-Za-z0-9_-]{20,}
      | hf_[A-Za-z0-9]{30,}\b
      | (?i:https://hooks\.slack\.com/services/\w+/\w+/\w+ | xox[a-z]-[a-z0-9-]{3,} | xapp-\d-[a-z0-9-]{20,})
      | npm_[A-Za-z0-9]{36}\b
      | pypi-[A-Za-z0-9_-]{50,}
      | rubygems_[a-f0-9]{48} | dckr_[a-z]{3}_[A-Za-z0-9_-]{20,} | ATATT3[A-Za-z0-9_=-]{50,} | ATBB[A-Za-z0-9]{24,}
      | SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}                       # SendGrid
      | xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16} | key-[0-9a-f]{32}\b      # Brevo, Mailgun
      | sk-(?:[a-z]+-)*[A-Za-z0-9_-]{20,}                              # OpenAI, and services with its form
      | (?:[rs]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}                 # Stripe
      | sq0(?:csp|atp)-[0-9A-Za-z\\_-]{22,}                            # Square
      | shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32} | dop_v1_[a-f0-9]{64} | dapi[a-f0-9]{32}\b
      | hv[bsr]\.[A-Za-z0-9_-]{24,} | [A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,} | pul-[a-f0-9]{40}
      | (?:glc|glsa|sntrys|lin_api|pscale_tkn|pscale_pw|sbp|ntn|dp\.pt|tskey-[a-z]+)[_.-][A-Za-z0-9+/=._-]{20,}
      | PMAK-[a-f0-9]{24}-[a-f0-9]{34} | NRAK-[A-Z0-9]{27}
      | [MNO][A-Za-z\d_-]{23,25}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,}   # Discord
      | [0-9]{8,10}:[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])                 # Telegram
      | [0-9a-z]{32}-us[0-9]{1,2}\b                                    # Mailchimp
      | LS0tLS1CRUdJTiB(?:QUklW|SU0Eg|FQyBQ|PUEVO|FTkNS|EU0Eg)[A-Za-z0-9+/=]+   # a private key in base64
      | (?:gsk|rnd|sq[apu]|sgp|nfp|figd|CLOJARS|do[or]_v1|sb_secret|sk_org_(?:live|test)|semlens)_[A-Za-z0-9_-]{24,}
      | (?:shippo|duffel)_(?:live|test)_[A-Za-z0-9_-]{30,} | (?:bk[a-z]a|r8|y0|fm2|fo1)_[A-Za-z0-9_-]{30,}
      | (?:xai|pplx|HRKU|CFPAT)-[A-Za-z0-9_-]{40,} | FLWSECK(?:_TEST)?-[A-Za-z0-9]{30,}-X
      | CCIPAT_[A-Za-z0-9]{20,}_[0-9a-f]{40}
      | secret_[A-Za-z0-9]{43}\b                                       # Notion
      | dp\.(?:st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{40,} | st\.[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}
      | sk\.eyJ[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{20,} | sl\.[A-Za-z0-9_-]{120,}  # Mapbox, Dropbox
      | pat[A-Za-z0-9]{14}\.[0-9a-f]{64} | oy2[a-z0-9]{43}\b | LTAI[A-Za-z0-9]{20}\b | AQVN[A-Za-z0-9_-]{35,}
      | 1//0[A-Za-z0-9_-]{40,} | EAACEdEose0cBA[A-Za-z0-9]{20,}
      | EAAA[A-Za-z0-9_-]{60}\b | A{19,24}(?!A)[A-Za-z0-9%]{60,}
      | access_token\$production\$[a-z0-9]{16}\$[0-9a-f]{32} | v1\.0-[0-9a-f]{24}-[0-9a-f]{146}
      | (?:sdk|mob)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}        # LaunchDarkly
      | (?:cmVmdGtuOj|dG9rOj)[A-Za-z0-9+/=]{40,} | cflt[A-Za-z0-9+/]{60} | EZ[AT]K[A-Za-z0-9]{54}\b
      | xprv[1-9A-HJ-NP-Za-km-z]{100,} | nsec1[02-9ac-hj-np-z]{58} | base64:[A-Za-z0-9+/]{43}=
      | [012]/\d{13,18}(?:/\d{13,18})?:[0-9a-f]{32}\b                  # Asana
      | AQE[A-Za-z0-9]{1,2}[A-Za-z0-9+/]{30,150}={0,2}-[A-Za-z0-9+/]{40,50}={0,2}-[^\s"'`\\]{16}   # Adyen
      | rzp_live_[A-Za-z0-9]{14}\b                                     # Razorpay
      | c[ks]_[0-9a-f]{40}\b                                          # WooCommerce
      | django-insecure-[^\s"'`\\]{20,}
      | SWMTKN-1-[0-9a-z]{40,60}-[0-9a-z]{20,30}                       # Docker Swarm
      | (?i:https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[\w-]{60,})
      | (?i:https://[\w.-]{1,60}\.webhook\.office\.com/webhookb2/[\w@/-]{60,})
    )"""
)

ISSUER = re.compile(
    "adyen|airtable|alchemy|algolia|amplitude|appcenter|appsflyer|asana|assemblyai|auth0|aviationstack|bitbucket|bitly"
    "|braintree|bugsnag|buildkite|calendly|circleci|clearbit|clickup|cloudconvert|cloudflare|cloudinary|codecov|cohere"
    "|coinapi|coinbase|confluent|contentful|coveralls|currencylayer|customerio|datadog|deepgram|deepl\\b|dnsimple"
    "|dropbox|dynatrace|elevenlabs|etherscan|facebook|fastly|finnhub|fixer\\.io|flickr|freshdesk|geocodio|giphy|gumroad"
    "|hellosign|heroku|honeybadger|honeycomb|hubspot|infura|instabug|intercom|ipinfo|ipstack|jotform|klaviyo|lastfm"
    "|launchdarkly|linkedin|linode|locationiq|lokalise|logdna|loggly|logz\\.io|mailchimp|mailgun|mailjet|mandrill"
    "|mapbox|mapquest|messagebird|mixpanel|mollie|moralis|netlify|newrelic|new_relic|nexmo|nytimes|okta|omdb|onesignal"
    "|openai|opencage|openweather|opsgenie|pagerduty|papertrail|paypal|paystack|pendo|percy_|phrase_|pinecone|pipedrive"
    "|plaid|plivo|polygonio|postmark|pubnub|pusher|quandl|rapidapi|razorpay|recaptcha|replicate|rollbar|scrapingbee"
    "|sendbird|sendgrid|sendinblue|sentry|serpapi|shippo|shodan|shopify|signalfx|sinch|snyk|sonar|soundcloud|spoonacular"
    "|spotify|squareup|stability|statuspage|strava|stripe|sumologic|supabase|tavily|telnyx|tiingo|todoist|trello|tweepy"
    "|twilio|twitch|twitter|typeform|unsplash|vercel|virustotal|vonage|vultr|wakatime|weatherapi|weatherbit"
    "|weatherstack|woocommerce|wistia|wunderground|yelp|youtube|zendesk"
)
"""Services, in lower case, whose tokens are hexadecimal digits or letters without a prefix.

A random string behind such a name on the same line is masked.
"""
