<?php

declare(strict_types=1);

namespace App\Mail;

use App\Contracts\{Sender, Template};

const RETRIES = 3;

/**
 * Sends mail.
 */
#[Service(lazy: true)]
final class Mailer extends AbstractMailer implements Sender
{
    use LogsErrors;

    public const DEFAULT_FROM = 'nobody@example.org';
    private static ?self $instance = null;
    protected array $queue = [], $sent = [];

    public function __construct(
        private readonly Transport $transport,
        protected ?Logger $logger = null,
    ) {
        parent::__construct();
    }

    /** Sends one message. */
    #[Route('/send', methods: ['POST'])]
    public function send(Message $message, string ...$to): bool
    {
        $deliver = fn (string $address): bool => $this->transport->deliver($address, $message);
        return array_all($to, $deliver);
    }

    public static function instance(): static
    {
        return self::$instance ??= new static(new SmtpTransport());
    }

    abstract protected function render(Template $template): string;
}

interface Transport
{
    const PORT = 25;
    public function deliver(string $address, Message $message): bool;
}

trait LogsErrors
{
    private function logError(string $text): void
    {
        error_log($text);
    }
}

enum Priority: int
{
    case Low = 1;
    case High = 2;

    public static function fromLabel(string $label): self
    {
        return constant("self::$label");
    }
}

function mail_to(string $address): void
{
    Mailer::instance()->send(new Message(), $address);
}
