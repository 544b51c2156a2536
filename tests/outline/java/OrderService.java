/*
 * Licensed to nobody.
 */
package org.example.orders;

import java.util.List;
import java.util.function.Supplier;

/**
 * Takes orders.
 *
 * @since 1.0
 */
@Service
@SuppressWarnings({"unchecked", "rawtypes"})
public final class OrderService<T extends Order> extends Base implements AutoCloseable {

    public static final int MAX_ITEMS = 100;
    private final List<T> orders;

    @Inject
    public OrderService(List<T> orders) {
        this.orders = orders;
    }

    /** Adds one. */
    @Override
    @Transactional(readOnly = false)
    public synchronized <R> R add(final T order, Supplier<? extends R> result)
            throws OrderException {
        Runnable task = () -> orders.add(order);
        new Thread(new Runnable() {
            @Override
            public void run() {
                task.run();
            }
        }).start();
        return result.get();
    }

    @Override
    public void close() {}

    public enum State {
        OPEN("o") {
            @Override
            boolean done() {
                return false;
            }
        },
        CLOSED("c");

        private final String code;

        State(String code) {
            this.code = code;
        }

        boolean done() {
            return true;
        }
    }

    public record Line(String item, int count) {
        public Line {
            if (count < 0) throw new IllegalArgumentException();
        }

        static Line of(String item) {
            return new Line(item, 1);
        }
    }

    sealed interface Event permits Added, Removed {
        long at();

        default boolean recent() {
            return at() > 0;
        }
    }
}

@interface Audited {
    String value() default "";
}
